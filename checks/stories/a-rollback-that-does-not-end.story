replication 3.5, brokers north-1 south-1, voters north 1 south 1, min ISR 1, acks all, elr off, unclean off, spares south-1
# A reassignment is replaced by the assignment that was.  Nobody is new in that, so whoever the first was adding is to be
# added still; and is to be removed as well.  Up to 3.7 that one never counts as there (KAFKA-15665).
reassign south-1
reassign north-1
----
assigned: north-1 south-1
adding: south-1
removing: south-1

learn north-1 2
learn south-1 2
fetch south-1
apply north-1
told north-1
----
isr: north-1 south-1
assigned: north-1 south-1
adding: south-1
removing: south-1

# Taking it back ends it.
cancel-reassignment
----
assigned: north-1
adding: none
removing: none
