replication 4.1, brokers north-1 south-1, voters north 1 south 1 east 1, min ISR 1, acks all, elr on
# South freezes, is dropped from the ISR and fenced. Back again it fetches before north has learnt that it is
# fenced, so north proposes it, and the controller refuses.
pause south-1
shrink north-1 south-1
apply north-1
learn north-1
fence south-1
resume south-1
fetch south-1
apply north-1
----
isr: north-1

# The refusal is lost. No metadata will tell north of it, for nothing has changed; it sends the change
# again, and by now south may join.
untold north-1
unfence south-1
apply north-1
told north-1
----
isr: north-1 south-1
