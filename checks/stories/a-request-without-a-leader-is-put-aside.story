replication 2.1, brokers north-1 south-1, min ISR 1, acks all, elr off, with controller:south
# South-1 was dropped from the ISR, then the leader crashes: nobody may lead, and the controller says so.
lag
produce north-1 r1
shrink north-1 south-1
ack north-1 r1
----
isr: north-1

crash north-1
fence north-1
----
leader: none
epoch: 2
isr: north-1

# The request names no leader, which is no live broker: south-1 puts it aside whole, and goes on under the
# leader it had.  So nothing is on its way of which anything will come.
refused learn south-1: nothing-there

# Its last member is elected when it is back.
restart north-1
register north-1
unfence north-1
learn north-1
learn south-1
fetch south-1
fetch south-1
----
leader: north-1
epoch: 3
isr: north-1 south-1
south-1: r1'1|
