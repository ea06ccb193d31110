#![allow(missing_docs)]
use highwater_checks::explore::{Limits, Verdict, explore};
use highwater_model::replication::{Bounds, Guard, Operators, Property, Replication, Variant};
use highwater_vocabulary::{Faults, Story};
const CLIENT: [&str; 8] = [
    "acked-in-leader",
    "acked-somewhere",
    "acked-survives",
    "electable",
    "no-split-brain",
    "read-stability",
    "log-matching",
    "committed-prefix",
];
fn main() {
    let limit: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let only: Vec<String> = std::env::args().skip(2).collect();
    // header, faults, records, elections, isr, prefer
    let cases = [
        (
            "4.1, brokers a-1 b-1, min ISR 1, elr on",
            "none",
            2,
            2,
            1,
            1,
        ),
        ("4.1, brokers a-1 b-1, min ISR 1, elr on", "lag", 1, 2, 2, 1),
        ("4.1, brokers a-1 b-1, min ISR 2, elr on", "lag", 1, 2, 2, 1),
        (
            "4.1, brokers a-1 b-1, min ISR 1, elr on",
            "broker-crash",
            1,
            3,
            1,
            1,
        ),
        (
            "4.1, brokers a-1 b-1, min ISR 1, elr on",
            "broker-power-loss",
            2,
            2,
            1,
            0,
        ),
        (
            "4.1, brokers a-1 b-1, min ISR 2, elr on",
            "broker-power-loss",
            1,
            3,
            1,
            0,
        ),
        (
            "4.1, brokers a-1 b-1, min ISR 1, elr on",
            "lag+broker-crash",
            1,
            2,
            2,
            0,
        ),
        (
            "4.1, brokers a-1 b-1, min ISR 2, elr on",
            "lag+broker-crash",
            1,
            2,
            2,
            0,
        ),
        (
            "4.1, brokers a-1 b-1, min ISR 1, elr on",
            "broker-pause",
            2,
            2,
            1,
            1,
        ),
        (
            "4.1, brokers a-1 b-1, min ISR 2, elr on",
            "broker-pause",
            2,
            2,
            1,
            1,
        ),
        (
            "4.1, brokers a-1 b-1, min ISR 1, elr on",
            "lag+broker-wiped",
            1,
            3,
            2,
            0,
        ),
        (
            "3.9, brokers a-1 b-1, min ISR 1, elr off",
            "lag+broker-wiped",
            1,
            3,
            2,
            0,
        ),
        (
            "4.1, brokers a-1 b-1, min ISR 2, elr on",
            "lag+broker-power-loss",
            1,
            3,
            2,
            0,
        ),
        (
            "4.1, brokers a-1 b-1, min ISR 1, elr on",
            "broker-crash+broker-crash",
            1,
            3,
            1,
            0,
        ),
        (
            "4.1, brokers a-1 b-1, min ISR 2, elr on",
            "broker-crash+broker-crash",
            1,
            3,
            1,
            0,
        ),
        (
            "4.1, brokers a-1 b-1, min ISR 2, elr on",
            "broker-crash+broker-power-loss",
            1,
            3,
            1,
            0,
        ),
        (
            "4.1, brokers a-1 b-1, min ISR 1, elr off",
            "broker-crash+broker-crash",
            1,
            3,
            1,
            0,
        ),
        (
            "4.1, brokers a-1 b-1, min ISR 1, elr on",
            "lag+lag+broker-crash",
            2,
            2,
            3,
            0,
        ),
        (
            "4.1, brokers a-1 b-1, min ISR 1, elr on",
            "broker-pause+lag",
            2,
            2,
            2,
            1,
        ),
        (
            "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on",
            "lag",
            1,
            2,
            2,
            1,
        ),
        (
            "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on",
            "broker-crash",
            1,
            2,
            1,
            0,
        ),
        (
            "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on",
            "broker-pause",
            1,
            2,
            1,
            0,
        ),
        (
            "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on",
            "lag+broker-crash",
            1,
            2,
            2,
            0,
        ),
        (
            "4.1, brokers a-1 b-1 c-1, min ISR 1, elr on",
            "lag+broker-crash",
            1,
            2,
            2,
            0,
        ),
        (
            "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on",
            "lag+broker-power-loss",
            1,
            2,
            2,
            0,
        ),
        (
            "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on",
            "broker-crash+broker-power-loss",
            1,
            2,
            1,
            0,
        ),
        (
            "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on",
            "broker-crash+broker-crash",
            1,
            2,
            1,
            0,
        ),
    ];
    for guard in Guard::ALL {
        if !only.is_empty() && !only.iter().any(|n| n == guard.name()) {
            continue;
        }
        let mut best: std::collections::BTreeMap<&str, (usize, usize, String)> = Default::default();
        let mut inc = 0;
        for (h, f, records, elections, isr, prefer) in cases {
            let story = Story::parse(&format!("replication {h}")).unwrap();
            let Ok(faults) = Faults::parse(f, &story.setting.datacenters) else {
                continue;
            };
            let run = |waive: bool| {
                let mut variant = Variant::of(story.setting.kafka);
                if waive {
                    variant.waived = variant.waived.with(*guard);
                }
                let mut bounds = Bounds {
                    records,
                    elections,
                    isr_changes: isr,
                    preferred_elections: prefer,
                    ..Bounds::default()
                };
                if *guard == Guard::MinIsrChangeClearsElr {
                    bounds.operators = Operators {
                        min_isr: [Some(1), None],
                        unclean_elections: 0,
                    };
                }
                if *guard == Guard::ReadsBelowWatermark {
                    bounds.reads = 1;
                }
                let model = Replication {
                    setting: story.setting.clone(),
                    variant,
                    faults: faults.clone(),
                    bounds,
                    asked: Property::ALL,
                };
                explore(&model, Limits { generated: limit })
            };
            let w = run(true);
            if w.incomplete.is_some() {
                inc += 1;
            }
            let mut base = None;
            let mut client = false;
            for (p, v) in &w.verdicts {
                if let Verdict::Violated(hist) = v {
                    let base = base.get_or_insert_with(|| run(false));
                    if !matches!(base.verdict(p.name), Some(Verdict::Violated(_))) {
                        client |= CLIENT.contains(&p.name);
                        if best
                            .get(p.name)
                            .is_some_and(|(n, _, _)| *n <= hist.events.len())
                        {
                            continue;
                        }
                        best.insert(
                            p.name,
                            (
                                hist.events.len(),
                                w.counts.unique,
                                format!("{h} {f} {records}{elections}{isr}{prefer}"),
                            ),
                        );
                    }
                }
            }
            if client {
                break;
            }
        }
        println!("{:34} inc{} {:?}", guard.name(), inc, best);
    }
}
