replication 4.1, brokers north-1 south-1 east-1, voters north 1 south 1 east 1, min ISR 1, acks all, elr off, unclean on, spares south-1 east-1
# The same where the topic allows unclean elections: north-1, the first of the list, is put into the ISR although it
# does not run, and nobody leads.
reassign south-1 east-1
learn north-1
learn south-1
fetch south-1
apply north-1
crash north-1
fence north-1
learn south-1
produce south-1 r1
ack south-1 r1
cancel-reassignment
----
assigned: north-1
isr: north-1
leader: none
epoch: 3
acknowledged: r1

learn south-1
restart north-1
register north-1
unfence north-1
----
leader: north-1
epoch: 4
north-1: |
south-1: |
