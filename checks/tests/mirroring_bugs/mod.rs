//! Bugs that are planted on the model's side, and the number of cases within which the engine finds each.

use super::{both, settings, walk};
use highwater_checks::mirroring::agreement::{Account, Disagreement, OfModel, Sides};
use highwater_model::mirroring::{self, CycleTest, Guard, Naming, State, expand};
use highwater_reference::mirroring::topics_of_routes;
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{
    Databases, Event, Group, Observation, Partitions, Seek, Setting, Tool,
};
use std::collections::BTreeSet;
use std::sync::Arc;

const NEWEST: Tool = Tool::MirrorMaker2At3_9;

/// How many walks a bug may take.
const CASES: u64 = 500;

/// The model, with something done to what comes of its events; or the event is refused.
#[derive(Clone)]
struct Spoilt {
    model: OfModel,
    spoil: fn(&State, &Event, &mut State) -> Result<(), &'static str>,
}

impl Account for Spoilt {
    fn apply(&mut self, event: &Event) -> Result<(), &'static str> {
        let before = self.model.state;
        let mut after = self.model.clone();
        after.apply(event)?;
        (self.spoil)(&before, event, &mut after.state)?;
        self.model = after;
        Ok(())
    }

    fn observe(&self) -> Observation {
        self.model.observe()
    }
}

fn found<M: Account>(
    setting: &Setting,
    lag_max: u8,
    spoilt: impl Fn(OfModel) -> M,
) -> (u64, Box<Disagreement>) {
    let sound = both(setting, lag_max);
    let sides = Sides {
        model: spoilt(sound.model),
        engine: sound.engine,
        setting: setting.clone(),
        names_reasons: false,
    };
    let mut cases = 0..CASES;
    let parted = cases.find_map(|case| Some((case, walk(&sides, case).err()?)));
    parted.unwrap_or_else(|| panic!("not found within {CASES} cases"))
}

/// Waives a guard in the model, where an engine would have to be broken for the same.
pub(crate) fn found_without(
    setting: &Setting,
    lag_max: u8,
    guard: Guard,
) -> (u64, Box<Disagreement>) {
    found(setting, lag_max, |sound| {
        let mut model = mirroring::Mirroring::clone(&sound.model);
        model.variant = model.variant.without(&[guard]);
        OfModel {
            model: Arc::new(model),
            ..sound
        }
    })
}

pub(crate) fn found_if(
    setting: &Setting,
    spoil: fn(&State, &Event, &mut State) -> Result<(), &'static str>,
) -> (u64, Box<Disagreement>) {
    found(setting, 1, |model| Spoilt { model, spoil })
}

pub(crate) fn is_short((case, parted): (u64, Box<Disagreement>)) {
    println!("case {case}:\n{parted}");
    assert!(parted.history.len() <= 20, "{parted}");
}

#[test]
fn guards_that_are_waived_are_found() {
    let setting = settings::pair_of(NEWEST).done();
    for (guard, lag_max) in [
        // Where every record has its sync, every checkpoint advances.
        (Guard::CheckpointsAdvance, 100),
        (Guard::DelayedSyncsAreSent, 100),
        (Guard::OneStepPastTheSync, 100),
        (Guard::OlderSyncsAreKept, 1),
        (Guard::SyncFollowsAcknowledgement, 1),
        (Guard::PositionFollowsAcknowledgement, 1),
        (Guard::SeekPastTheStored, 1),
        (Guard::TruncationIsDetected, 1),
    ] {
        println!("{guard}");
        is_short(found_without(&setting, lag_max, guard));
    }
}

#[test]
fn guards_of_other_tools_that_are_waived_are_found() {
    let sought = || settings::pair_of(Tool::Replicator).done();
    let headed = || settings::both_ways(Seek::Last).done();
    let mapped = || settings::aggregates().done();
    for (guard, setting) in [
        (Guard::InterceptorWritesARow, sought()),
        (Guard::SeekIncludesTies, sought()),
        (Guard::ProvenanceIsLookedAt, headed()),
        (Guard::MappingTakesTheLeast, mapped()),
        (Guard::MappingCoversEverySource, mapped()),
    ] {
        println!("{guard}");
        is_short(found_without(&setting, 1, guard));
    }
}

/// What was translated once is not translated again.
#[test]
fn a_row_that_stays_is_found() {
    let setting = settings::pair_of(Tool::Replicator).done();
    is_short(found_if(&setting, |before, event, after| {
        if let Event::Translate(group, _) = *event {
            after[group].rows = before[group].rows;
        }
        Ok(())
    }));
}

#[test]
fn a_mapped_offset_one_too_far_is_found() {
    let setting = settings::aggregates().done();
    is_short(found_if(&setting, |_, event, after| {
        if let Event::Translate(group, _) = *event
            && let Some(committed) = &mut after[group].committed[3]
        {
            *committed += 1;
        }
        Ok(())
    }));
}

#[test]
fn a_translation_one_too_far_is_found() {
    let setting = settings::pair_of(NEWEST).done();
    is_short(found_if(&setting, |_, event, after| {
        if let Event::Checkpoint(group, task) = *event
            && let Some(written) = &mut after[group].checkpoints[task.index()]
        {
            written.downstream += 1;
        }
        Ok(())
    }));
}

#[test]
fn a_commit_without_its_epoch_is_found() {
    let setting = settings::pair_of(NEWEST).done();
    is_short(found_if(&setting, |_, event, after| {
        if let Event::Commit(group, _) = *event {
            after[group].committed_epoch = Default::default();
        }
        Ok(())
    }));
}

/// Whoever comes by a rebootstrap is no member yet: nobody takes his commits, and the mirror's are taken.
#[test]
fn members_without_joining_are_found() {
    let setting = settings::namesakes(NEWEST).done();
    is_short(found_if(&setting, |_, event, after| {
        if let Event::Rebootstrap(group, _) | Event::RebootstrapReset(group, _) = *event {
            after[group].carried = Partitions::EMPTY;
        }
        Ok(())
    }));
}

/// Consumers that count: what they may write, where they begin, and what a lost database takes along.
#[test]
fn counts_that_go_wrong_are_found() {
    let setting = settings::counting(Databases::Stretched).done();
    for guard in [
        Guard::CommitsFollowCounts,
        Guard::BeginsBesideItsCounts,
        Guard::OlderWritersAreRefused,
    ] {
        println!("{guard}");
        is_short(found_without(&setting, 1, guard));
    }
    is_short(found_if(&setting, |before, event, after| {
        if let Event::Count(group, at) = *event {
            after.sink_mut(group).memory[at.index()] = *before.sink(group).memory_at(at);
        }
        Ok(())
    }));
    let setting = settings::counting(Databases::Replicated).done();
    is_short(found_if(&setting, |_, event, after| {
        if let Event::LoseDatabase(cluster) = *event {
            let own = after.sink_mut(Group::at(0));
            own.lost = own.lost.without(cluster);
        }
        Ok(())
    }));
    is_short(found_if(&setting, |before, event, after| {
        if let Event::Stop(group, _) = *event {
            *after.sink_mut(group) = *before.sink(group);
        }
        Ok(())
    }));
}

/// A position past the end of the log is not reset: there is nothing to read.
#[test]
fn a_position_outside_the_log_that_stays_there_is_found() {
    let setting = settings::pair_of(NEWEST).done();
    is_short(found_if(&setting, |before, event, _| match *event {
        Event::Poll(task) if before[task].position > before[source_of_first()].end => {
            Err("nothing-there")
        }
        _ => Ok(()),
    }));
}

fn source_of_first() -> highwater_vocabulary::mirroring::TopicPartition {
    Member::at(0)
}

#[test]
fn a_copy_in_another_partition_is_found() {
    let setting = settings::growing(NEWEST).done();
    let [here, there] = ["west/orders-0", "west/orders-1"].map(|name| {
        let mut places = setting.every_partition();
        places.find(|it| setting.partition_name(*it) == name)
    });
    let mut crossed = setting.clone();
    for work in &mut crossed.tasks {
        let to = if work.to[0].index() == 2 { there } else { here };
        work.to = vec![to.expect("it is in the setting")];
    }
    is_short(found(&setting, 1, |_| {
        OfModel::beginning(&crossed, both(&crossed, 1).model.model.variant)
    }));
}

/// The topics that the model finds, as the routes are written down.
fn expanded(naming_of_last: Naming) -> BTreeSet<(usize, String)> {
    let clusters = ["east", "west", "north"];
    let mut flows: Vec<mirroring::Flow> = [(0, 1), (1, 2), (1, 0)]
        .map(|(from, to)| mirroring::Flow::prefixing(from, to, clusters[from], clusters[to]))
        .into();
    flows[1].naming = naming_of_last;
    let topics = expand(&flows, &[(0, "orders"), (1, "refunds")], CycleTest::Target);
    let topics = topics.topics.into_iter();
    topics.map(|topic| (topic.cluster, topic.name)).collect()
}

#[test]
fn topics_are_those_of_the_routes() {
    let clusters = ["east", "west", "north"];
    let mirrors = [(0, 1), (1, 2), (1, 0)];
    let routes = topics_of_routes(&clusters, &mirrors, &[(0, "orders"), (1, "refunds")]);
    assert_eq!(expanded(Naming::prefix()), routes);
    assert!(routes.contains(&(2, "west.east.orders".into())));
    // The second hop forgets the prefix.
    assert_ne!(expanded(Naming::Identity), routes);
}
