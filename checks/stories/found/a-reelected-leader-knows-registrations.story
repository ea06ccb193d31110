replication 3.5, brokers south-1 south-2 north-1 west-1 west-2 south-3, voters north 1 south 2 west 2, min ISR 1, acks 1, elr off, unclean on, with controller:north
# A re-elected leader still states under which registration a follower fetched, be it an old one.
lag
shrink south-1 west-1 west-2 south-3
fetch-lost north-1
crash north-1
apply south-1
restart north-1
register north-1
unfence north-1
learn west-1
learn south-1
fetch west-1
apply south-1
----
isr: south-1 south-2 north-1
