replication 3.5, brokers north-1 south-1 north-2, voters north 1 south 1 west 1, min ISR 1, acks 0, elr off, unclean off, with controller:south
# The task that shrinks is scheduled when the first metadata is published.
lose north
return north
restart north-1
register north-1
shrink north-1 north-2
