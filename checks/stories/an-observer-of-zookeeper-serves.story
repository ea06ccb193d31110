replication 2.7, brokers north-1 west-1, voters north 1 south 0 west 0, zookeeper-observers north 0 south 1 west 0, min ISR 1, acks all, elr off
# West is cut from the participant, and not from the observer in south: a broker is served by any server that
# is connected to a quorum, so it keeps its session.
cut north west
refused fence west-1: fenced-is-silent

# And so may its next process have one.
crash west-1
fence west-1
restart west-1
register west-1
unfence west-1
----
fenced: none
