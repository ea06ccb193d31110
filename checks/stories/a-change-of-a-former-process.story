replication 3.3, brokers north-1 south-1, voters west 1, min ISR 1, acks all, elr off
# North-1 asks for an ISR without south-1, stops, and comes back under a new registration, with seat and office.  What
# its former process has asked for is refused.
produce north-1 r1
lag
shrink north-1 south-1
crash north-1
restart north-1
register north-1
unfence north-1
apply north-1
----
isr: north-1 south-1
