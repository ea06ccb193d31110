replication 3.5, brokers north-1 south-1 west-1, voters west 3, min ISR 1, acks 1, elr off, unclean off, with truncates-to-watermark=on
# Before KIP-101 a follower truncated to its watermark where its leader was another one than before
# (0.10.2: `Partition.makeFollower`); a new epoch of the same leader was none of its business.
lag
produce north-1 r1
fetch south-1
shrink north-1 west-1
apply north-1
learn south-1
----
epoch: 2
south-1: |r1'1
