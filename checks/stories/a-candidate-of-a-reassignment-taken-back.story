replication 4.1, brokers north-1 south-1 west-1 east-1, voters north 1 south 1 west 1 east 0, min ISR 2, acks all, elr on, unclean off, spares east-1
# A replica is to move from north-1 to east-1 while the others lag.  East-1 joins, r1 is acknowledged by the two, and the
# operator takes the reassignment back: north-1 alone is below min ISR, so whoever leaves the ISR with the replica
# stays eligible (docs/findings/0023-taken-back-and-still-eligible.md).
lag
shrink north-1 south-1 west-1
apply north-1
told north-1
reassign south-1 west-1 east-1
learn north-1 2
learn east-1
fetch east-1
apply north-1
told north-1
produce north-1 r1
fetch east-1
fetch east-1
ack north-1 r1
----
isr: north-1 east-1
acknowledged: r1

cancel-reassignment
----
assigned: south-1 west-1 north-1
isr: north-1
elr: east-1

# It is asked for once more.  East-1 has learnt meanwhile that its replica is gone, and has deleted it.
learn east-1
reassign south-1 west-1 east-1
learn east-1
----
elr: east-1
east-1: |

# North-1 stops; its disk is whole.  The eligible leader replica is elected, with nothing.
crash north-1
fence north-1
learn east-1
----
leader: east-1
isr: east-1
east-1: |

# North-1 comes back and truncates what was acknowledged.
restart north-1
register north-1
unfence north-1
fetch north-1
fetch north-1
----
north-1: |
acknowledged: r1
