//! Bugs of links that are planted on the model's side.

use super::super::mirroring_bugs::{found_if, found_without, is_short};
use super::settings;
use highwater_model::mirroring::Guard;
use highwater_vocabulary::Member;
use highwater_vocabulary::mirroring::{Event, Task, Tool};

const MARCH: Tool = Tool::MirroringAt2026_03;
const NOVEMBER: Tool = Tool::MirroringAt2026_11;
const CONFLUENT: Tool = Tool::ClusterLinking;

#[test]
fn guards_of_links_that_are_waived_are_found() {
    for (tool, guard) in [
        (CONFLUENT, Guard::FetchBelowWatermark),
        (CONFLUENT, Guard::WritableWhenStopped),
        (CONFLUENT, Guard::FetchersStopFirst),
        (CONFLUENT, Guard::OffsetsAreClamped),
        (CONFLUENT, Guard::PromotionDrains),
        (CONFLUENT, Guard::ReversalDrains),
        (CONFLUENT, Guard::TruncatesBeforeMirroringBack),
        (MARCH, Guard::StopTruncatesToStable),
        (MARCH, Guard::FetchBelowStable),
        (MARCH, Guard::OffsetsAreClamped),
        (NOVEMBER, Guard::TruncatesByEpoch),
        (NOVEMBER, Guard::EpochIsRaised),
        (NOVEMBER, Guard::EpochsAreKept),
        (NOVEMBER, Guard::LinksFindDivergence),
        (NOVEMBER, Guard::OpenTransactionsAreAborted),
        (NOVEMBER, Guard::IdsStayApart),
        (NOVEMBER, Guard::TopicIdsAgree),
        (NOVEMBER, Guard::RunningGroupsAreRefused),
    ] {
        println!("{} without {guard}", tool.name());
        is_short(found_without(&settings::linked(tool).done(), 1, guard));
    }
}

/// A link whose stop was interrupted goes on where it was.
#[test]
fn a_stop_that_is_not_begun_anew_is_found() {
    let setting = settings::linked(NOVEMBER).done();
    is_short(found_if(&setting, |before, event, after| {
        if let Event::Restart(mirror) = *event {
            let task = Task::at(mirror.index());
            after[task] = before[task];
        }
        Ok(())
    }));
}

/// What was committed before it was copied is committed there all the same.
#[test]
fn an_offset_one_too_far_is_found() {
    let setting = settings::linked(MARCH).done();
    is_short(found_if(&setting, |_, event, after| {
        if let Event::SyncGroup(group, mirror) = *event {
            let to = 1 - mirror.index();
            if let Some(committed) = &mut after[group].committed[to] {
                *committed += 1;
            }
        }
        Ok(())
    }));
}
