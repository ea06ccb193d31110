replication 2.7, brokers north-1 south-1, min ISR 1, acks all, elr off
# The controller compares registrations (KIP-380): who is back before it was missed was gone all the same.
#
# South-1 holds r1 and loses it.
produce north-1 r1
fetch south-1
fetch south-1
ack north-1 r1
power-loss south-1 1
restart south-1
register south-1
----
isr: north-1 south-1
fenced: none
south-1: |

# Its node in ZooKeeper is not the one that the controller knows: first it is treated as gone, which costs
# its seat, and then as new.
fence south-1
----
isr: north-1
epoch: 2
fenced: south-1

unfence south-1
learn south-1
----
fenced: none
isr: north-1

# The leader is told as well: the controller starts an epoch with each of its changes.
learn north-1 2
fetch south-1
fetch south-1
----
south-1: r1'1|
