//! What Kafka does where its metadata is kept in ZooKeeper: histories written from the classes of 2.1.0
//! and 2.7.0.

mod support;

use support::differences;

fn happens(story: &str) {
    let found = differences(story);
    assert!(found.is_empty(), "{story}\n{}", found.join("\n"));
}

/// `Partition.updateIsr`: one step, and the watermark moves in it.
#[test]
fn a_leader_of_2_1_writes_the_isr_itself() {
    happens(
        "replication 2.1, brokers north-1 south-1, voters north 1 south 1 west 1, min ISR 1
        produce north-1 r1
        lag
        refused ack north-1 r1: ack-awaits-watermark
        shrink north-1 south-1
        refused apply north-1: nothing-there
        ack north-1 r1
        ----
        isr: north-1
        epoch: 1

        # It joins again while its second fetch is handled: the first proves nothing.
        fetch south-1
        fetch south-1
        ----
        isr: north-1 south-1",
    );
}

/// `conditionalUpdatePath`: a leader that has not heard of its successor keeps the ISR it knows.
#[test]
fn a_node_of_another_version_is_not_written() {
    happens(
        "replication 2.1, brokers north-1 south-1, voters north 1 south 1 west 1, min ISR 1, with controller:south
        produce north-1 r1
        lag
        cut north south
        cut north west
        fence north-1
        refused shrink north-1 south-1: unreachable
        heal north west
        refused shrink north-1 south-1: isr-version-is-current
        refused ack north-1 r1: ack-awaits-watermark
        learn south-1
        ----
        leader: south-1
        isr: south-1
        north-1: |r1'1",
    );
}

/// `onBrokerFailure`, `ReplicaStateMachine.doRemoveReplicasFromIsr`: whatever the controller changes starts a
/// leader epoch, and the leader can write the node again once it has been told.
#[test]
fn the_death_of_a_follower_starts_a_leader_epoch() {
    for kafka in ["2.1", "2.7"] {
        happens(&format!(
            "replication {kafka}, brokers north-1 south-1 west-1, min ISR 1, voters north 1
            crash south-1
            fence south-1
            ----
            epoch: 2
            isr: north-1 west-1

            # Who has not been told is of the former epoch.
            learn west-1
            refused fetch west-1: fetch-epoch-is-current
            learn north-1
            fetch west-1"
        ));
    }
}

/// `Election.leaderForOffline`: the first that lives, and an ISR of those who live.
#[test]
fn an_election_leaves_the_living() {
    happens(
        "replication 2.7, brokers north-1 south-1 west-1, min ISR 1, voters west 1, with controller:west
        crash north-1
        fence north-1
        crash south-1
        fence south-1
        ----
        leader: west-1
        isr: west-1
        epoch: 3

        crash west-1
        restart north-1
        register north-1
        refused unfence north-1: no-controller
        # The new controller does not find the one before.
        activate north
        ----
        leader: none
        isr: west-1
        epoch: 4

        unfence north-1
        ----
        leader: none
        epoch: 4

        elect-unclean
        ----
        leader: north-1
        isr: north-1
        epoch: 5",
    );
}

/// `ReplicaManager.makeFollowers` follows nobody who does not live: a request that says that nobody leads
/// changes nothing.
#[test]
fn nobody_follows_nobody() {
    happens(
        "replication 2.7, brokers north-1 south-1, min ISR 1, voters south 1, with controller:south
        lag
        produce north-1 r1
        shrink north-1 south-1
        apply north-1
        told north-1
        pause north-1
        fence north-1
        ----
        leader: none
        isr: north-1

        refused learn south-1: nothing-there
        resume north-1
        # It goes on leading, and is followed.
        fetch south-1
        ----
        south-1: |r1'1",
    );
}

/// 2.1 has no broker epochs: a broker that comes back before anybody has noticed keeps its seat and its
/// office, and is told nothing.
#[test]
fn a_bounce_is_not_noticed_in_2_1() {
    happens(
        "replication 2.1, brokers north-1 south-1, min ISR 1, voters south 1, with controller:south
        produce north-1 r1
        crash north-1
        restart north-1
        register north-1
        refused fence north-1: fenced-is-silent
        refused learn north-1: nothing-there
        refused produce north-1 r2: leads-locally
        ----
        leader: north-1

        # A controller that begins sends everybody what the node says.
        depose
        activate south
        learn north-1
        produce north-1 r2
        ----
        epoch: 1
        north-1: |r1'1 r2'1",
    );
}

/// KIP-380: `processBrokerChange` sees that the node is another one, and takes the broker for failed.
#[test]
fn a_bounce_is_noticed_in_2_7() {
    happens(
        "replication 2.7, brokers north-1 south-1, min ISR 1, voters south 1, with controller:south
        crash north-1
        restart north-1
        register north-1
        fence north-1
        ----
        leader: south-1
        isr: south-1
        epoch: 2

        unfence north-1
        learn north-1
        learn south-1
        fetch north-1",
    );
}

/// A request for the process before reaches the next one of 2.1, which makes itself leader with what its disk
/// has kept, in the same leader epoch.
#[test]
fn a_request_for_a_former_process_is_heeded_in_2_1() {
    happens(
        "replication 2.1, brokers north-1 south-1 west-1, min ISR 1, voters west 1, with controller:west
        produce north-1 r1
        fetch south-1
        crash west-1
        activate south
        ----
        epoch: 2

        # Before it has taken the request, it bounces with a shorter log.
        power-loss north-1 1
        restart north-1
        register north-1
        learn north-1
        produce north-1 r2
        ----
        leader: north-1
        epoch: 2
        north-1: |r2'2
        south-1: |r1'1",
    );
}

/// `KafkaApis.isBrokerEpochStale`.
#[test]
fn a_request_for_a_former_process_is_refused_in_2_7() {
    happens(
        "replication 2.7, brokers north-1 south-1 west-1, min ISR 1, voters west 1, with controller:west
        crash west-1
        activate south
        crash north-1
        restart north-1
        register north-1
        refused learn north-1: nothing-there",
    );
}

/// `ReplicaManager.becomeLeaderOrFollower`: an older request is refused, unless the process has forgotten.
#[test]
fn a_late_request_finds_a_process_that_remembers_nothing() {
    happens(
        "replication 2.1, brokers north-1 south-1, min ISR 1, voters south 1, with controller:south, with late-requests
        refused late north-1 1: nothing-there
        pause north-1
        fence north-1
        resume north-1
        unfence north-1
        refused learn north-1: nothing-there
        learn north-1 2
        ----
        leader: south-1
        epoch: 2

        refused late north-1 2: request-is-newer
        crash north-1
        restart north-1
        register north-1
        late north-1 2
        produce north-1 r1
        ----
        leader: south-1
        north-1: |r1'1",
    );
}

/// `KafkaController.processAlterIsr`: an answer that is lost is given again.
#[test]
fn an_isr_change_of_2_7_is_asked_for_until_it_is_answered() {
    happens(
        "replication 2.7, brokers north-1 south-1, min ISR 1, voters south 1, with controller:south
        lag
        produce north-1 r1
        shrink north-1 south-1
        refused shrink north-1 south-1: no-proposal-while-pending
        apply north-1
        untold north-1
        refused told north-1: nothing-there
        apply north-1
        told north-1
        # `handleAlterIsrResponse` does not look at the watermark; the next append does.
        refused ack north-1 r1: ack-awaits-watermark
        produce north-1 r2
        ack north-1 r1
        ----
        isr: north-1
        epoch: 1",
    );
}

/// Neither `maybeExpandIsr` nor `processAlterIsr` asks whether a member lives.
#[test]
fn a_fenced_broker_joins_the_isr() {
    for (kafka, asks) in [("2.1", ""), ("2.7", "apply north-1")] {
        happens(&format!(
            "replication {kafka}, brokers north-1 south-1, min ISR 1, voters north 1, with controller:north
            pause south-1
            fence south-1
            resume south-1
            learn north-1
            refused fetch south-1: fetch-epoch-is-current
            unfence south-1
            learn south-1
            pause south-1
            fence south-1
            resume south-1
            fetch south-1
            {asks}
            ----
            isr: north-1 south-1
            fenced: south-1"
        ));
    }
}

/// Without a quorum no session ends and nothing is written; what is running goes on.
#[test]
fn without_a_quorum_nobody_is_fenced() {
    happens(
        "replication 2.1, brokers north-1 south-1, min ISR 1, voters west 1, with controller:south
        produce north-1 r1
        lag
        lose west
        crash south-1
        refused fence south-1: no-controller
        refused activate north: unreachable
        refused shrink north-1 south-1: unreachable
        refused set-min-isr 2: no-controller
        restart south-1
        refused register south-1: unreachable
        produce north-1 r2
        refused ack north-1 r1: ack-awaits-watermark
        return west
        activate north
        ----
        isr: north-1
        epoch: 2

        refused ack north-1 r1: ack-awaits-watermark
        learn north-1
        ack north-1 r1",
    );
}

/// `/controller` is a broker's: it goes with its process, and comes with a session.
#[test]
fn a_broker_is_the_controller() {
    happens(
        "replication 2.7, brokers north-1 south-1, min ISR 1, voters west 1, with controller:north
        refused activate west: not-in-this-setting
        refused activate south: already-so
        crash north-1
        refused fence north-1: no-controller
        refused activate north: unreachable
        activate south
        refused fence north-1: already-so
        refused prefer: nothing-there
        restart north-1
        register north-1
        unfence north-1
        ----
        leader: south-1
        epoch: 2

        learn north-1
        learn south-1
        fetch north-1
        fetch north-1
        apply south-1
        prefer
        ----
        leader: north-1
        isr: north-1 south-1
        epoch: 3",
    );
}
