replication 4.1, brokers north-1 south-1, min ISR 1, acks all, elr on
# An ISR expansion speaks of one registration of the joiner, and is void for the next (KIP-903).
#
# South-1 has fallen behind and was dropped; r1 is committed without it.
produce north-1 r1
lag
shrink north-1 south-1
apply north-1
told north-1
ack north-1 r1
----
isr: north-1
north-1: r1'1|
south-1: |

# It catches up: its second fetch proves that it holds r1, and north-1 proposes to let it in.
fetch south-1
fetch south-1
----
south-1: r1'1|

# Before the controller has seen the proposal, south-1 loses its disk and comes back empty.
wipe south-1
restart south-1
register south-1
unfence south-1
----
south-1: |
fenced: none

# Nobody is fenced and nothing about the partition has changed, so only the registration tells that
# the proposal is about another life of south-1.
apply north-1
----
isr: north-1

# The rejection is certain, so the leader takes its proposal back.
told north-1
----
acknowledged: r1
