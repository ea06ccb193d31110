#![allow(missing_docs)]
use highwater_checks::explore::{Limits, Verdict, explore};
use highwater_model::replication::{Bounds, Guard, Property, Replication, Variant};
use highwater_vocabulary::{Faults, Story};
fn main() {
    let limit: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let only: Vec<String> = std::env::args().skip(2).collect();
    let heads = [
        ("4.1", "a-1 b-1", 1, "on"),
        ("4.1", "a-1 b-1", 2, "on"),
        ("3.9", "a-1 b-1", 1, "off"),
        ("3.9", "a-1 b-1", 2, "off"),
        ("4.1", "a-1 b-1 c-1", 2, "on"),
        ("3.9", "a-1 b-1 c-1", 2, "off"),
        ("4.1", "a-1 b-1 c-1", 1, "on"),
    ];
    let faults = [
        "none",
        "lag",
        "broker-crash",
        "broker-power-loss",
        "broker-wiped",
        "broker-pause",
        "lag+broker-crash",
        "lag+broker-power-loss",
        "lag+broker-wiped",
        "lag+broker-pause",
        "broker-crash+broker-power-loss",
        "broker-stop",
        "lag+cut:a|b",
        "one-way-cut:b>a",
        "controller-failover",
    ];
    for guard in Guard::ALL {
        if !only.is_empty() && !only.iter().any(|n| n == guard.name()) {
            continue;
        }
        let mut best: std::collections::BTreeMap<&str, (usize, String)> = Default::default();
        let mut inc = 0;
        for (k, br, m, elr) in heads {
            for f in faults {
                let story = Story::parse(&format!(
                    "replication {k}, brokers {br}, min ISR {m}, elr {elr}"
                ))
                .unwrap();
                let Ok(faults) = Faults::parse(f, &story.setting.datacenters) else {
                    continue;
                };
                let run = |waive: bool| {
                    let mut variant = Variant::of(story.setting.kafka);
                    if waive {
                        variant.waived = variant.waived.with(*guard);
                    }
                    let model = Replication {
                        setting: story.setting.clone(),
                        variant,
                        faults: faults.clone(),
                        bounds: Bounds {
                            records: 2,
                            elections: 3,
                            isr_changes: 2,
                            preferred_elections: 1,
                            ..Bounds::default()
                        },
                        asked: Property::ALL,
                    };
                    explore(&model, Limits { generated: limit })
                };
                let w = run(true);
                if w.incomplete.is_some() {
                    inc += 1;
                }
                let mut base = None;
                for (p, v) in &w.verdicts {
                    if let Verdict::Violated(h) = v {
                        if best.get(p.name).is_some_and(|(n, _)| *n <= h.events.len()) {
                            continue;
                        }
                        let base = base.get_or_insert_with(|| run(false));
                        if !matches!(base.verdict(p.name), Some(Verdict::Violated(_))) {
                            best.insert(p.name, (h.events.len(), format!("{k} {br} m{m} {f}")));
                        }
                    }
                }
            }
        }
        println!("{:34} inc{} {:?}", guard.name(), inc, best);
    }
}
