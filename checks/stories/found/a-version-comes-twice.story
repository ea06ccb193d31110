replication 3.5, brokers north-1 south-1 south-2, voters north 1 south 1 west 1, min ISR 1, acks all, elr on, unclean on, observers south-2, promotion under-min-isr
# The history has gone back, and goes on with a version that north-1 knows by an answer of before; it is told
# from that by its leader epoch.
promote-observers south
fall-behind west
learn north-1
fetch-lost south-2
apply north-1
told north-1
roll-back west
lose south
fence south-1
learn north-1
----
epoch: 2
isr: north-1
