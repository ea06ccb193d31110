replication 4.1, brokers north-1 south-1, voters north 1 south 1, min ISR 1, acks all, elr on, unclean off
# Without idempotence a record that is sent again is another record, and its producer waits for the newest only.
produce north-1 r1
fetch south-1
fetch south-1
retry north-1 r1
----
north-1: r1'1|r1'1

refused ack north-1 r1: ack-awaits-watermark
fetch south-1
fetch south-1
ack north-1 r1
----
north-1: r1'1 r1'1|
acknowledged: r1
