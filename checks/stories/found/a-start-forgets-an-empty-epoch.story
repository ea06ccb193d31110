replication 4.0, brokers north-1 south-1, voters north 1 south 0 west 0, min ISR 2, acks 0, elr on, unclean off
# South led and wrote nothing; after an orderly stop its log does not know of that epoch.
produce north-1 r1
fetch south-1
lose north
return north
restart north-1
activate north
register north-1
unfence north-1
learn south-1 2
fetch north-1
apply south-1
stop south-1
restart south-1
register south-1
learn north-1
unfence south-1
learn north-1
fetch south-1
apply north-1
----
isr: north-1 south-1
