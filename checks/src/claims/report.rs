//! How judged claims are written.

use super::{Judged, Judgement};
use crate::grounds::Evidence;
use serde::Serialize;
use std::fmt::Write;

/// The columns of a terminal.
const WIDTH: usize = 100;
const INDENT: &str = "     ";

/// For a terminal: each claim with its evidence, and a line that counts.
pub fn text(judged: &[Judged]) -> String {
    let mut text = String::new();
    for judged in judged {
        let claim = &judged.claim;
        let _ = writeln!(text, "{:4} {} ({})", claim.id, claim.judgement, claim.seed);
        write_wrapped(&mut text, "said: ", &claim.statement);
        write_wrapped(&mut text, "so:   ", &claim.because);
        for evidence in &judged.evidence {
            write_wrapped(&mut text, "- ", &evidence_line(evidence));
        }
        text.push('\n');
    }
    let bad = judged.iter().filter(|judged| !judged.is_ok()).count();
    let _ = match bad {
        0 => writeln!(text, "{}", counted(judged)),
        _ => writeln!(
            text,
            "{} {bad} NOT shown as the table says.",
            counted(judged)
        ),
    };
    text
}

/// For a page: a table.
pub fn markdown(judged: &[Judged]) -> String {
    let mut text =
        "| | said | seed | judgement | because | shown by |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for judged in judged {
        let claim = &judged.claim;
        let evidence: Vec<String> = judged.evidence.iter().map(evidence_line).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            claim.id,
            cell(&claim.statement),
            claim.seed,
            claim.judgement,
            cell(&claim.because),
            cell(&evidence.join("<br>")),
        );
    }
    let _ = writeln!(text, "\n{}", counted(judged));
    text
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// What a piece of evidence came to, in a line.
pub(crate) fn evidence_line(evidence: &Evidence) -> String {
    let Evidence { of, found, .. } = evidence;
    match evidence.ok {
        true => format!("{of}: {found}"),
        false => format!("{of}: NOT as expected ({}): {found}", evidence.expected),
    }
}

/// A paragraph that begins with `mark` and hangs by it.
fn write_wrapped(text: &mut String, mark: &str, paragraph: &str) {
    let first = format!("{INDENT}{mark}");
    let others = " ".repeat(first.len());
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(&first)
        .subsequent_indent(&others)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let _ = writeln!(text, "{}", textwrap::fill(paragraph, options));
}

fn counted(judged: &[Judged]) -> String {
    let of = |judgement| {
        let with = judged
            .iter()
            .filter(|judged| judged.claim.judgement == judgement);
        format!("{} {judgement}", with.count())
    };
    let words = [
        Judgement::Right,
        Judgement::Conditional,
        Judgement::Dated,
        Judgement::Wrong,
        Judgement::NotModelled,
    ];
    let counts: Vec<String> = words.into_iter().map(of).collect();
    format!("{} claims: {}.", judged.len(), counts.join(", "))
}

/// A claim, for a program.  The field names are a contract.
#[derive(Serialize)]
pub struct ClaimResult {
    id: String,
    seed: String,
    statement: String,
    judgement: Judgement,
    because: String,
    evidence: Vec<EvidenceResult>,
    ok: bool,
}

#[derive(Serialize)]
struct EvidenceResult {
    experiment: String,
    expected: String,
    found: String,
}

/// A judged claim as its result.
pub fn result(judged: &Judged) -> ClaimResult {
    let claim = &judged.claim;
    let evidence = judged.evidence.iter().map(|evidence| EvidenceResult {
        experiment: evidence.of.clone(),
        expected: evidence.expected.clone(),
        found: evidence.found.clone(),
    });
    ClaimResult {
        id: claim.id.clone(),
        seed: claim.seed.clone(),
        statement: claim.statement.clone(),
        judgement: claim.judgement,
        because: claim.because.clone(),
        evidence: evidence.collect(),
        ok: judged.is_ok(),
    }
}
