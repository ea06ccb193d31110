replication 4.1, brokers north-1 north-2 south-1, voters north 1 south 1 east 1, min ISR 1, acks all, elr on, observers south-1, promotion under-min-isr
# An operator changes the placement: the observer is an ordinary replica from now on.  Nothing is elected
# and nobody has to go; its leader lets it in as soon as it has learnt of the change.
produce north-1 r1
fetch north-2
fetch north-2
fetch south-1
fetch south-1
promote-observers south
----
observers: none
isr: north-1 north-2
epoch: 1

refused promote-observers south: already-so
fetch south-1
refused apply north-1: nothing-there
learn north-1
fetch south-1
apply north-1
told north-1
----
isr: north-1 north-2 south-1

# It leaves as any replica does, if it falls behind; nobody drops it for being an observer.
refused shrink north-1 south-1: only-lagging-are-dropped
