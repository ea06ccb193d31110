replication 0.10, brokers north-1 south-1 south-2, voters north 1 south 2 west 2, min ISR 1, acks 0, elr on, unclean on, with late-requests, with controller:south
# A late request makes a new process the leader of an epoch that its former process led. What that one
# wrote was dropped in between; what is written now lies at the same offset, under the same epoch.
cut north west
produce north-1 r1
cut north south
fence north-1
heal north west
unfence north-1
power-loss north-1 0
fence north-1
restart north-1
register north-1
late north-1 1
power-loss north-1 0
restart north-1 0
register north-1
late north-1 3
produce north-1 r2
----
north-1: |r2'1
