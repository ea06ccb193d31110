replication 4.1, brokers north-1 south-1, voters north 1 south 1 east 1, min ISR 1, acks all, elr on, with controller:south
# Whoever becomes the active controller needs both directions: votes from a majority, and a majority
# that fetches what it commits.
#
# Nobody can open a connection to the south, and the south can open every one: it would be voted
# for, and could commit nothing.
cut-from north south
cut-from east south
depose
refused activate south: unreachable

# The other way round it would be fetched from, and cannot ask for votes.
heal south north
heal south east
cut-from south north
cut-from south east
refused activate south: unreachable
activate north
----
leader: north-1
