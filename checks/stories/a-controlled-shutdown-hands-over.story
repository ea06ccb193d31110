replication 4.1, brokers north-1 south-1 east-1, min ISR 2, acks all, elr on
# North-1 asks to be shut down.  South-1 leads before north-1 has stopped, and nothing has failed.
controlled-shutdown north-1
----
leader: south-1
epoch: 2
isr: south-1 east-1
fenced: none
in-controlled-shutdown: north-1

# North-1 follows until it stops, and joins no ISR: the leader knows why.
learn north-1
learn south-1
learn east-1
fetch north-1
fetch north-1
----
isr: south-1 east-1

# Nor is it elected, although an operator asks for it.
refused prefer: nothing-there
refused unfence north-1: not-serving
refused controlled-shutdown north-1: already-so

# It stops and comes back under another registration, and that is all that was left to end.
stop north-1
fence north-1
restart north-1
register north-1
unfence north-1
----
fenced: none
leader: south-1
