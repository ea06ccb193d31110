replication 0.10, brokers north-1 south-1, min ISR 1, acks all, elr off
# What KIP-101 tells second.  Both stop, and south-1 has lost what was not on its disk yet.
produce north-1 r1
fetch south-1
fetch south-1
power-loss south-1 1
crash north-1
restart south-1
restart north-1
register south-1
activate south
register north-1
unfence north-1
learn south-1 2
learn north-1
produce south-1 r2
----
north-1: r1'1|
south-1: r2'2|

# North-1 knows that r1 is committed, and keeps it.  It asks for what comes after, and nobody compares anything.
fetch north-1
produce south-1 r3
fetch north-1
----
isr: north-1 south-1
north-1: r1'1|r3'2
south-1: r2'2|r3'2
