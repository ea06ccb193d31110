replication 4.1, brokers north-1 south-1 east-1, voters north 1 south 1 east 1, min ISR 1, acks all, elr on, unclean off, spares east-1
# A reassignment takes nobody away before whoever is new has everything.  Here it takes the leader away,
# who asks for the change that completes it, and is told that it leads no more.
produce north-1 r1
fetch south-1
fetch south-1
ack north-1 r1
refused fetch east-1: no-leader-to-fetch-from
reassign south-1 east-1
----
assigned: south-1 east-1 north-1
adding: east-1
removing: north-1
isr: north-1 south-1
epoch: 1

# East-1 learns of it first, and its leader does not know it yet.
learn east-1
refused fetch east-1: fetcher-is-assigned
learn north-1
fetch east-1
fetch east-1
apply north-1
----
assigned: south-1 east-1
adding: none
removing: none
isr: south-1 east-1
leader: south-1
epoch: 2
east-1: r1'1|

# North-1 still acts as before, with everybody in sync counted; the answer tells it nothing.
told north-1
learn north-1
----
north-1: |

learn south-1
produce south-1 r2
learn east-1
fetch east-1
fetch east-1
ack south-1 r2
----
acknowledged: r1 r2
south-1: r1'1 r2'2|

# Back again: north-1 begins with nothing.
reassign north-1 south-1
learn north-1
learn south-1
fetch north-1
fetch north-1
----
north-1: r1'1 r2'2|

fetch north-1
apply south-1
told south-1
learn east-1
----
assigned: north-1 south-1
isr: north-1 south-1
epoch: 3
east-1: |
