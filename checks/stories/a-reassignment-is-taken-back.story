replication 4.1, brokers north-1 south-1 east-1, voters north 1 south 1 east 1, min ISR 1, acks all, elr off, unclean off, spares south-1 east-1
# A reassignment is taken back.  Whoever it was adding goes, and the list stays in its order.
refused cancel-reassignment: nothing-there
reassign north-1 south-1
learn north-1
learn south-1
fetch south-1
apply north-1
told north-1
----
assigned: north-1 south-1
adding: none
isr: north-1 south-1

reassign south-1 east-1
----
assigned: south-1 east-1 north-1
adding: east-1
removing: north-1

cancel-reassignment
----
assigned: south-1 north-1
adding: none
removing: none
leader: north-1
isr: north-1 south-1
epoch: 2

# South comes first in the list now, so it is the preferred leader.
prefer
----
leader: south-1
epoch: 3

