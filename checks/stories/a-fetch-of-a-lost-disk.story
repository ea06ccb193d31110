replication 4.1, brokers north-1 south-1, voters west 3, min ISR 1, acks 1, elr off, with late-fetches
# The fetch was sent before the disk was lost.  It would prove what is there no longer.
produce north-1 r1
fetch south-1
request south-1
wipe south-1
restart south-1
register south-1
unfence south-1
learn north-1 2
refused serve south-1: fetch-broker-epoch-is-current
----
north-1: r1'1|
south-1: |
