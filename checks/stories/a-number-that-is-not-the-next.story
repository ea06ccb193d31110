replication 4.1, brokers north-1 south-1, voters north 1 south 1, min ISR 1, acks all, idempotence on, elr on, unclean off
# The first record is lost with its leader.  The next leader knows nothing of the producer, so it takes the second; then
# the first is refused for good.
produce north-1 r1
crash north-1
fence north-1
learn south-1
produce south-1 r2
refused retry south-1 r1: sequence-is-next
----
south-1: r2'2|
