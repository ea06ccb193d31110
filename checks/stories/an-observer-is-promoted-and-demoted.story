replication 4.1, brokers north-1 north-2 south-1, voters north 1 south 1 east 1, min ISR 2, acks all, elr on, observers south-1, promotion under-min-isr
# An observer copies and counts for nothing.  When the ISR is under min ISR it may join, and when it is
# not needed any more it is dropped although it lags behind nobody.
#
# South-1 has everything first, and is asked for nothing.
produce north-1 r1
fetch south-1
fetch south-1
----
isr: north-1 north-2
south-1: |r1'1

fetch north-2
fetch north-2
ack north-1 r1
----
isr: north-1 north-2
acknowledged: r1

# North-2 crashes, and one is left where min ISR asks for two: the next fetch of south-1 lets it in.
crash north-2
fence north-2
learn north-1
----
isr: north-1
elr: north-2

fetch south-1
apply north-1
told north-1
----
isr: north-1 south-1
elr: none

refused shrink north-1 south-1: only-lagging-are-dropped
# North-2 is back in the ISR, and the observer leaves it.
restart north-2
register north-2
unfence north-2
learn north-1 3
fetch north-2
apply north-1
told north-1
----
isr: north-1 north-2 south-1

shrink north-1 south-1
apply north-1
told north-1
----
isr: north-1 north-2
