replication 4.1, brokers north-1 south-1 east-1, voters north 1 south 1 east 1, min ISR 3, acks all, elr on, unclean off
# Whoever leaves a partition is not struck from the eligible leader replicas.  North-1 loses its replica, and
# with it its log; it stays eligible, gets a replica again, and is elected cleanly with nothing in it
# (docs/findings/0015-eligible-without-a-replica.md).
lag
reassign south-1 east-1
----
elr: north-1
leader: south-1

# Two replicas: min ISR 3 comes to 2, and r1 is committed by both.
learn south-1
produce south-1 r1
learn east-1
fetch east-1
shrink south-1 east-1
apply south-1
fetch east-1
ack south-1 r1
----
acknowledged: r1
isr: south-1
elr: north-1 east-1

# North-1 is added again.  It is still eligible, and its log is gone as soon as it learns that it ever left.
reassign north-1 south-1 east-1
crash south-1
fence south-1
----
leader: north-1
isr: north-1
epoch: 3

learn north-1 4
----
north-1: |
east-1: |r1'2
