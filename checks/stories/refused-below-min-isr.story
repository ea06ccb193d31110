replication 4.1, brokers north-1 south-1, min ISR 2, acks all, elr on
# Below min ISR nothing is appended, and what was appended before is not acknowledged.
#
# South-1 stops after r1 has been appended and before it has copied it.
produce north-1 r1
crash south-1

# The leader asks to drop it, and the controller agrees.  With eligible leader replicas, whoever
# leaves an ISR that falls below min ISR becomes one: it still holds everything committed.
shrink north-1 south-1
apply north-1
told north-1
----
leader: north-1
isr: north-1
elr: south-1

# From here on producers are refused.  And r1 stays uncommitted, although the only in-sync replica
# holds it: below min ISR the watermark stands still (KIP-966).
refused produce north-1 r2: admission-at-min-isr
refused ack north-1 r1: ack-awaits-watermark
----
north-1: |r1'1
acknowledged: none
