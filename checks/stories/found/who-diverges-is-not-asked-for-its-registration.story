replication 3.9, brokers north-1 west-1, voters north 1 south 1 west 1, min ISR 2, acks 1, elr off, unclean off, with late-fetches, with controller:west
# `Partition.fetchRecords` reads the log first, and looks at the registration where it notes what a fetch
# proves (`Replica.updateFetchStateOrThrow`).  A fetch that diverges proves nothing, so it is answered.
request west-1
produce north-1 r1
produce north-1 r2
produce north-1 r3
serve west-1
answer west-1
darken north 1
return north
request west-1
darken west 3
return west
activate west
restart west-1
register west-1
restart north-1
unfence west-1
register north-1
unfence north-1
serve west-1
refused answer west-1: not-serving
