replication 4.1, brokers north-1 south-1, min ISR 1, acks all, elr on, unclean off
# South-1 loses its replica while it is down.  A set of fewer replicas takes nothing but the ISR to be there,
# so it completes at once.  When it comes back it finds a log that is no replica's, and deletes it.
produce north-1 r1
fetch south-1
fetch south-1
ack north-1 r1
crash south-1
fence south-1
reassign north-1
----
isr: north-1
epoch: 2
south-1: x |r1'1

restart south-1
register south-1
----
south-1: |

unfence south-1
refused fetch south-1: no-leader-to-fetch-from
refused read south south-1 0: not-serving
