use highwater_checks::explore::*;
use highwater_model::replication::*;
use highwater_vocabulary::*;
use std::time::Instant;
fn env(name: &str) -> Option<u8> {
    std::env::var(name).ok()?.parse().ok()
}
fn main() {
    // probe HEADER FAULTS records elections isr asked
    let a: Vec<String> = std::env::args().collect();
    let story = Story::parse(&a[1]).unwrap();
    let faults = Faults::parse(&a[2], &story.setting.datacenters).unwrap();
    let n = |i: usize, d: u8| a.get(i).and_then(|s| s.parse().ok()).unwrap_or(d);
    let variant = Variant::parse(story.setting.kafka, &story.variant).unwrap();
    let asked: &'static [Property] = match a.get(6).map(String::as_str) {
        Some("ops") => &Property::ALL[..5],
        _ => Property::ALL,
    };
    let model = Replication {
        setting: story.setting.clone(),
        variant,
        faults,
        bounds: Bounds {
            records: n(3, 2),
            elections: n(4, 3),
            isr_changes: n(5, 4),
            preferred_elections: env("PREFER").unwrap_or(0),
            reads: env("READS").unwrap_or(0),
            redundant_choices: env("REDUNDANT").is_some(),
            operators: Operators {
                min_isr: [env("MINISR"), None],
                unclean_elections: 0,
            },
            ..Bounds::default()
        },
        asked,
    };
    let t = Instant::now();
    let e = explore(
        &model,
        Limits {
            generated: 40_000_000,
        },
    );
    println!(
        "{:?} {:.1}s {:?} {:?} size {}",
        e.counts,
        t.elapsed().as_secs_f64(),
        e.incomplete,
        e.used_up,
        std::mem::size_of::<State>()
    );
    for (p, v) in &e.verdicts {
        match v {
            Verdict::Violated(h) => {
                println!("  {:22} violated after {}", p.name, h.events.len());
                if a.get(7).is_some_and(|x| x == p.name || x == "all") {
                    let mut s = h.beginning;
                    for ev in &h.events {
                        s = model.step(&s, ev).unwrap();
                        let o = model.observe(&s);
                        println!(
                            "      {:28} {:?} L{:?} e{} isr {} elr {}",
                            ev.line(&model.setting),
                            o.replicas
                                .iter()
                                .map(|r| format!("{}{}", if r.leads { "*" } else { "" }, r))
                                .collect::<Vec<_>>(),
                            o.leader.map(|b| model.setting.broker_name(b)),
                            o.leader_epoch,
                            model.setting.broker_names(o.isr),
                            model.setting.broker_names(o.elr)
                        );
                    }
                }
            }
            v => println!("  {:22} {}", p.name, v.word()),
        }
    }
}
