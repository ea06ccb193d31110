replication 4.1, brokers north-1 south-1, voters west 3, min ISR 2, acks all, elr off, unclean off
# The record is committed, and stays.  Its producer is told that too few were in sync, and may send it again.
lag
produce north-1 r1
fetch south-1
fetch south-1
produce north-1 r2
shrink north-1 south-1
apply north-1
told north-1
----
north-1: r1'1|r2'1

refused ack north-1 r1: ack-at-min-isr
refuse north-1 r1
refused ack north-1 r2: ack-awaits-watermark
----
acknowledged: none
