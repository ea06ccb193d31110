replication 4.1, brokers north-1 south-1 west-1, voters west 3, min ISR 3, acks 1, elr off, unclean off
# A leader that proposes to drop a follower does not look at its watermark (`Partition.maybeShrinkIsr`), even
# if that could move by now: whoever is to leave still counts, and r1 is held by everybody who does.
lag
shrink north-1 west-1
apply north-1
told north-1
produce north-1 r1
fetch south-1
produce north-1 r2
fetch-lost south-1
set-min-isr 2
learn north-1 2
shrink north-1 south-1
----
north-1: |r1'1 r2'1
