replication 4.1, brokers north-1 south-1, voters north 1 south 1, min ISR 1, acks all, idempotence on, elr on, unclean off
# What a leader has it does not append again, whoever appended it.
produce north-1 r1
fetch south-1
crash north-1
fence north-1
learn south-1
retry south-1 r1
----
south-1: r1'1|

ack south-1 r1
# A number that is not the next is refused, an older one is known.
produce south-1 r2
retry south-1 r1
----
south-1: r1'1 r2'2|
acknowledged: r1

