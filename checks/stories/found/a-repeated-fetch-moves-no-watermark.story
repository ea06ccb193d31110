replication 4.1, brokers west-1 south-1 west-2 south-2 south-3, voters north 1 south 1 west 1, min ISR 3, acks all, elr off, unclean off, with controller:north
# A follower that asks again for what it asked for moves nothing, even if the watermark could move by now.
lag
set-min-isr 1
produce west-1 r1
shrink west-1 south-1 west-2 south-3
fetch south-2
fetch-lost south-2
fetch-lost west-2
fetch south-3
apply west-1
set-min-isr 2
told west-1
fetch-lost south-3
learn west-1 3
fetch west-2
----
west-1: |r1'1
