replication 4.1, brokers north-1 south-1 east-1, voters north 1 south 1 east 1, min ISR 1, acks all, elr off, unclean off, spares south-1 east-1
# The only replica moves to two other brokers.  One of them is in the ISR, north-1 is gone, and nobody who
# had a replica before would be in sync: the reassignment cannot be taken back.
reassign south-1 east-1
learn north-1
learn south-1
fetch south-1
apply north-1
crash north-1
fence north-1
----
leader: south-1
isr: south-1
adding: south-1 east-1
removing: north-1

refused cancel-reassignment: cancelling-is-clean
# It can be replaced: whoever is wanted is there already, and it is done at once.
reassign south-1
----
assigned: south-1
adding: none
removing: none
leader: south-1
