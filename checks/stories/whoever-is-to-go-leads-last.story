replication 4.1, brokers north-1 south-1 east-1 west-1, min ISR 1, acks all, elr on, unclean off, spares west-1
# While a reassignment runs, whoever is to lose its replica stands last in the assignment: the preferred
# leader is the first that stays, and an election tries north-1 last.
reassign south-1 east-1 west-1
prefer
----
leader: south-1
epoch: 2
isr: north-1 south-1 east-1

crash south-1
fence south-1
----
leader: east-1
epoch: 3

crash east-1
fence east-1
----
leader: north-1
isr: north-1
epoch: 4

refused prefer: nothing-there
