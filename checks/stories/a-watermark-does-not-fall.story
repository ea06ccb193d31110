replication 3.9, brokers north-1 south-1, voters west 3, min ISR 1, acks 1, elr off, unclean off
# Until 4.0 a broker that lost its disk's end comes back to its seat in the ISR, and holds less than the
# watermark covers.
produce north-1 r1
fetch south-1
fetch south-1
----
isr: north-1 south-1
north-1: r1'1|

power-loss south-1 1
restart south-1
register south-1
unfence south-1
fetch-lost south-1
----
isr: north-1 south-1
north-1: r1'1|
south-1: |
