//! How words of a file are quoted back to its author, and which word was probably meant.

/// The most characters of an author's word that are quoted back.
const MOST_QUOTED: usize = 60;

/// The word in backticks.
pub(crate) fn quoted(word: &str) -> String {
    format!("`{}`", shown(word))
}

/// The word on one line and not too long: it may be anything at all.
pub(crate) fn shown(word: &str) -> String {
    let mut shown: String = word
        .chars()
        .take(MOST_QUOTED)
        .flat_map(|letter| match letter.is_control() {
            true => letter.escape_default().collect::<Vec<_>>(),
            false => vec![letter],
        })
        .collect();
    if word.chars().nth(MOST_QUOTED).is_some() {
        shown.push('…');
    }
    shown
}

/// `a, b, c`.
pub(crate) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().collect::<Vec<_>>().join(", ")
}

/// `a, b and c`.
pub(crate) fn enumerated(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", listed(first.iter().copied())),
    }
}

/// What to write instead of `word`: the word that is nearly the same if there is one, and the
/// choice in any case.
pub(crate) fn instead<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match (nearest(word, &known), known.as_slice()) {
        (_, []) => "leave it out".into(),
        (Some(meant), [_]) => format!("did you mean `{meant}`?"),
        (Some(meant), _) => format!("did you mean `{meant}`? there are {}", listed(known)),
        (None, [only]) => format!("there is only {only}"),
        (None, _) => format!("there are {}", listed(known)),
    }
}

/// The known word that is the fewest edits away from `word`, unless they are more than a third of
/// its letters.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    if word.len() > MOST_QUOTED {
        return None;
    }
    known
        .iter()
        .map(|candidate| (edits(word, candidate), *candidate))
        .min()
        .filter(|(edits, candidate)| *edits <= (candidate.len() + 1) / 3)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, dropped or changed to get from one word to the other.
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (before, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = before + 1;
        for (at, wanted) in to.chars().enumerate() {
            let change = diagonal + usize::from(letter != wanted);
            diagonal = row[at + 1];
            row[at + 1] = change.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_close() {
        let known = ["brokers", "voters", "id", "topic"];
        for (word, meant) in [
            ("broker", Some("brokers")),
            ("vters", Some("voters")),
            ("ID", None), // two changes in two letters: that may be any word
            ("vtoers", Some("voters")),
            ("replicas", None),
        ] {
            assert_eq!(nearest(word, &known), meant, "{word}");
        }
    }

    #[test]
    fn a_quoted_word_cannot_move_the_cursor() {
        assert_eq!(quoted("a\u{1b}[2Jb\n"), "`a\\u{1b}[2Jb\\n`");
        assert_eq!(quoted(&"x".repeat(1000)).chars().count(), 60 + 3);
    }
}
