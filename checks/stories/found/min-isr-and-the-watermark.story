replication 3.9, brokers west-1 south-1 north-1 west-2, voters north 1 south 1 west 1, min ISR 3, acks 0, elr off, unclean off, with controller:north
# A new min ISR moves no watermark: nothing of the partition has changed, so nobody looks at it.
produce west-1 r1
lag
shrink west-1 south-1 north-1
apply west-1
fetch west-2
fetch-lost west-2
set-min-isr 1
learn west-1
learn west-1
----
west-1: |r1'1
