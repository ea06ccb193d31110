replication 2.0, brokers north-1 south-1 east-1, min ISR 1, acks all, elr off
# South-1 goes, comes back and goes again, and each time its leader begins an epoch.  East-1 hears of the last alone.
# Its leader is the one it had, but the epoch in between might have been another's, so it asks (KAFKA-7164).
crash south-1
fence south-1
learn north-1
restart south-1
register south-1
unfence south-1
learn south-1
fetch south-1
fetch south-1
crash south-1
fence south-1
learn north-1
learn east-1 4
produce north-1 r1
fetch east-1
----
epoch: 3
north-1: |r1'3
east-1: |

fetch east-1
----
east-1: |r1'3
