//! The public page (`/p`): what a petitioner needs to look up their case without an account, and what
//! the page tells them, in plain words.
//!
//! The page says nothing of what a case is about and names nobody: others may stand beside the
//! petitioner's phone.

use chrono::NaiveDate;

use crate::case::deadline::{Clock, ClockKind, ClockOwner, Standing};
use crate::case::number::Series;
use crate::case::state::State;
use crate::case::{LawfulPath, Outcome};
use crate::receipt::{Letter, Provisional, character, letter};
use crate::term::Term;

/// How many characters a query code has, beside its dash.
const CODE_LENGTH: usize = 8;
/// How long a number that somebody types may be.
const MAX_NUMBER: usize = 60;

/// The code with which a petitioner looks up their case, printed on their receipt: `7K3M-2Q8X`.
///
/// Eight of 31 characters, 39 bits: with ten tries a number in a quarter of an hour, somebody who
/// tries day and night for a year guesses one with a chance below one in a million.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryCode(String);

impl QueryCode {
    /// Makes one of a number that only the server can know.
    pub fn of(secret: u64) -> Self {
        let mut rest = secret;
        let plain = std::iter::repeat_with(|| {
            let at = u32::try_from(rest % 31).unwrap_or_default();
            rest /= 31;
            character(at)
        });
        Self(plain.take(CODE_LENGTH).collect())
    }

    /// Reads a code as people write it: small letters, full width, with or without its dash, letters
    /// that look like one of its characters.
    pub fn read(text: &str) -> Option<Self> {
        let mut plain = String::new();
        for c in text.trim().chars() {
            match letter(c) {
                Letter::Plain(c) => plain.push(c),
                Letter::Nothing => {}
                Letter::Other(_) => return None,
            }
            if plain.len() > CODE_LENGTH {
                return None;
            }
        }
        (plain.len() == CODE_LENGTH).then_some(Self(plain))
    }

    /// Whether two are the same; it takes as long whichever character differs.
    pub fn matches(&self, other: &Self) -> bool {
        let pairs = self.0.bytes().zip(other.0.bytes());
        self.0.len() == other.0.len() && pairs.fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
    }
}

impl std::fmt::Display for QueryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (first, last) = self.0.split_at_checked(CODE_LENGTH / 2).unwrap_or_default();
        write!(f, "{first}-{last}")
    }
}

/// What somebody looks up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A case by year and count, of whatever township.
    Case {
        /// The year of registration.
        year: i32,
        /// Its count in that year.
        count: u32,
    },
    /// A provisional receipt.
    Provisional(Provisional),
}

impl Wanted {
    /// Reads a receipt's number as people write it: `平川信〔2026〕00012号`, `2026-12`, `202600012`,
    /// full width, or that of a provisional receipt.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.chars().count() > MAX_NUMBER {
            return None;
        }
        if let Ok(provisional) = Provisional::read(text) {
            return Some(Self::Provisional(provisional));
        }
        // Of another series than that of open cases.
        let sealed = [Series::Sealed, Series::RegistrarOnly];
        if sealed
            .into_iter()
            .any(|series| text.contains(series.label()))
        {
            return None;
        }
        let mut groups: Vec<String> = Vec::new();
        let mut within = false;
        for c in text.chars() {
            let digit = match c {
                '0'..='9' => Some(c),
                '０'..='９' => char::from_u32(u32::from(c) - 0xfee0),
                _ => None,
            };
            match digit {
                Some(digit) if within => groups.last_mut()?.push(digit),
                Some(digit) => groups.push(digit.to_string()),
                None => {}
            }
            within = digit.is_some();
        }
        let (year, count) = match groups.as_slice() {
            [year, count] if year.len() == 4 => (year.as_str(), count.as_str()),
            [together] if together.len() > 4 => together.split_at_checked(4)?,
            _ => return None,
        };
        if !(1..=8).contains(&count.len()) {
            return None;
        }
        Some(Self::Case {
            year: year.parse().ok().filter(|year| *year > 1990)?,
            count: count.parse().ok().filter(|count| *count > 0)?,
        })
    }

    /// As it is counted by and shown again: the same however it was written.
    pub fn plain(&self) -> String {
        match self {
            Self::Case { year, count } => format!("{year}-{count:05}"),
            Self::Provisional(number) => number.as_str().to_owned(),
        }
    }
}

/// How a case stands, as far as the page says it.
#[derive(Debug, Clone, Copy)]
pub struct Stand<'a> {
    /// Where it stands.
    pub state: State,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Of a declined case: the lawful path.
    pub path: Option<LawfulPath>,
    /// Whether a review upheld or changed the answer.
    pub reviewed: bool,
    /// Its clocks.
    pub clocks: &'a [Clock],
    /// The day.
    pub today: NaiveDate,
}

/// A sentence with the article behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// The sentence.
    pub words: String,
    /// The article; possibly none.
    pub basis: String,
}

fn sentence(words: impl Into<String>, basis: &str) -> Sentence {
    Sentence {
        words: words.into(),
        basis: basis.to_owned(),
    }
}

/// A day as it is read out: `2026年3月10日`.
pub fn date(day: NaiveDate) -> String {
    day.format("%Y年%-m月%-d日").to_string()
}

impl Stand<'_> {
    /// Where the case stands, in a sentence.
    pub fn words(&self) -> String {
        match self.state {
            State::Registered => "已经登记，正在决定是否受理。".to_owned(),
            State::Accepted => "已经受理，正在安排办理单位。".to_owned(),
            State::Declined => match self.path {
                Some(path) => format!("没有受理。请按告知书上写的途径办理：{}。", path.label()),
                None => "没有受理。请看告知书上写的理由和途径。".to_owned(),
            },
            State::Transferred => "已经转送有权处理的单位，等对方接收。".to_owned(),
            State::Handling => "正在办理。".to_owned(),
            State::Answered if self.reviewed => "复查机关已经答复。".to_owned(),
            State::Answered => "已经答复，请看处理意见书。".to_owned(),
            State::UnderReview => "您申请的复查正在进行。".to_owned(),
            State::UnderFinalReview => "您申请的复核正在进行。".to_owned(),
            State::Closed => match self.outcome {
                Some(Outcome::Withdrawn) => "您已经撤回，事项办结。",
                Some(Outcome::HandedOver) => "已经移送有权处理的机关。",
                Some(Outcome::Final) => "程序已经走完，事项办结。",
                Some(Outcome::Settled) | None => "已经办结。",
            }
            .to_owned(),
        }
    }

    /// The clocks that run, each in a sentence: what is due when, by whom, and what to do when it is
    /// late.
    pub fn clocks(&self) -> Vec<Sentence> {
        let running = self.clocks.iter().filter(|clock| clock.is_running());
        running.filter_map(|clock| self.clock(clock)).collect()
    }

    fn clock(&self, clock: &Clock) -> Option<Sentence> {
        let due = date(clock.due);
        let what = match clock.kind {
            ClockKind::Acceptance | ClockKind::SimpleAcceptance => "告诉您是否受理",
            ClockKind::Handling | ClockKind::SimpleAnswer => "给您书面答复",
            ClockKind::ReviewAnswer => "答复您的复查申请",
            ClockKind::FinalReviewAnswer => "答复您的复核申请",
            ClockKind::ReviewRequest => "申请复查",
            ClockKind::FinalReviewRequest => "申请复核",
            ClockKind::Confirmation => "共同申请司法确认",
            // Between authorities.
            ClockKind::TransferObjection | ClockKind::Extension => return None,
        };
        let words = match (clock.owner, clock.standing(self.today)) {
            (ClockOwner::Petitioner, Standing::Left(0)) => {
                format!("今天（{due}）是您可以{what}的最后一天。")
            }
            (ClockOwner::Petitioner, Standing::Left(left)) => {
                format!("您可以在{due}以前{what}，还有{left}天。")
            }
            (ClockOwner::Petitioner, Standing::Overdue(_)) => {
                format!("{what}的期限到{due}为止，已经过了。")
            }
            (ClockOwner::Authority, Standing::Left(0)) => {
                format!("最迟今天（{due}）{what}。")
            }
            (ClockOwner::Authority, Standing::Left(left)) => {
                format!("最迟在{due}{what}，还有{left}天。")
            }
            (ClockOwner::Authority, Standing::Overdue(late)) => format!(
                "应当在{due}以前{what}，已经超过{late}天。您可以向镇综治办催问，也可以在领导接待日当面反映。"
            ),
            (_, Standing::Met | Standing::MetLate | Standing::Stopped) => return None,
        };
        let extended = if clock.extended_days > 0 && clock.owner == ClockOwner::Authority {
            format!("（已依法延长{}天）", clock.extended_days)
        } else {
            String::new()
        };
        Some(sentence(words + &extended, &clock.basis))
    }

    /// What the petitioner can do now, each with the article.
    pub fn rights(&self) -> Vec<Sentence> {
        let may_still = |kind: ClockKind| {
            self.clocks
                .iter()
                .any(|clock| clock.kind == kind && clock.is_running() && clock.due >= self.today)
        };
        let mut rights = Vec::new();
        match self.state {
            State::Registered | State::Transferred => rights.push(sentence(
                "是否受理，会书面告诉您；不受理的，会写明理由和可以走的途径。",
                "《信访工作条例》第二十三条",
            )),
            State::Accepted | State::Handling => {
                rights.push(sentence(
                    "办理期间您可以补充材料、说明情况；情况复杂、疑难的，可以要求听证。",
                    "《信访工作条例》第三十一条",
                ));
                rights.push(sentence(
                    "办理期限只能延长一次，最多30日，延长的会书面告诉您理由。",
                    "《信访工作条例》第三十四条",
                ));
            }
            State::Declined => rights.push(sentence(
                "对不受理有疑问的，可以到登记窗口请工作人员说明理由和途径；走法定途径有困难的，可以申请法律援助。",
                "《信访工作条例》第三十一条",
            )),
            State::Answered if may_still(ClockKind::ReviewRequest) => rights.push(sentence(
                "不服处理意见的，自收到书面答复之日起30日内，可以书面请求上一级机关、单位复查。",
                "《信访工作条例》第三十五条",
            )),
            State::Answered if may_still(ClockKind::FinalReviewRequest) => rights.push(sentence(
                "不服复查意见的，自收到复查意见之日起30日内，可以向复查机关、单位的上一级请求复核。",
                "《信访工作条例》第三十六条",
            )),
            State::Answered => {}
            State::UnderReview => rights.push(sentence(
                "复查机关自收到请求之日起30日内提出复查意见，书面答复您。",
                "《信访工作条例》第三十五条",
            )),
            State::UnderFinalReview => rights.push(sentence(
                "复核机关自收到请求之日起30日内提出复核意见，可以举行听证，听证时间不计算在内。",
                "《信访工作条例》第三十六条",
            )),
            State::Closed => {
                if self.outcome == Some(Outcome::Final) {
                    rights.push(sentence(
                        "复核意见作出以后，以同一事实和理由再提出的，不再受理；出现新的事实，可以重新反映。",
                        "《信访工作条例》第三十六条",
                    ));
                } else {
                    rights.push(sentence(
                        "答应您的事没有兑现，或者出现新的情况，可以凭原编号再来反映。",
                        "",
                    ));
                }
            }
        }
        rights.push(sentence(
            "经济有困难的，可以到司法所申请法律援助，或拨打12348咨询。",
            "《中华人民共和国法律援助法》",
        ));
        rights
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::Calendar;
    use crate::case::deadline::{Entry, LawProfile, clocks};
    use crate::case::state::EventKind;

    #[test]
    fn a_number_is_read_however_it_is_written() {
        let twelfth = Wanted::Case {
            year: 2026,
            count: 12,
        };
        for text in [
            "平川信〔2026〕00012号",
            "平川信（2026）12号",
            "2026-12",
            "202600012",
            " ２０２６ ０００１２ ",
            "2026 年 12 号",
        ] {
            assert_eq!(Wanted::read(text).as_ref(), Some(&twelfth), "{text}");
        }
        for text in [
            "",
            "2026",
            "12",
            "平川",
            "2026-0",
            "2026-12-3",
            "1066-1",
            "2026-123456789",
            "平川检〔2026〕00012号",
        ] {
            assert_eq!(Wanted::read(text), None, "{text}");
        }
        assert_eq!(twelfth.plain(), "2026-00012");
        assert_eq!(Wanted::read(&twelfth.plain()), Some(twelfth));
    }

    #[test]
    fn a_provisional_number_is_one_too() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        let number = Provisional::make(&"u".into(), day, 77);
        let plain: String = number.as_str().replace('临', "");
        assert_eq!(
            Wanted::read(&plain),
            Some(Wanted::Provisional(number.clone()))
        );
        assert_eq!(Wanted::Provisional(number.clone()).plain(), number.as_str());
    }

    proptest! {
        #[test]
        fn a_code_is_read_as_it_is_printed(secret: u64, other: u64) {
            let code = QueryCode::of(secret);
            let printed = code.to_string();
            prop_assert_eq!(printed.len(), 9);
            prop_assert!(!printed.contains(['I', 'L', 'O', 'S', 'U']));
            let sloppy = printed.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            prop_assert!(code.matches(&QueryCode::read(&sloppy).unwrap()));
            let space = 31u64.pow(8);
            prop_assert_eq!(
                code.matches(&QueryCode::of(other)),
                secret % space == other % space
            );
        }

        #[test]
        fn no_text_upsets_it(text: String) {
            let _ = Wanted::read(&text);
            let _ = QueryCode::read(&text);
        }
    }

    #[test]
    fn what_is_late_says_where_to_turn() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let entries = [
            Entry::new(EventKind::Registered, day("2026-03-01")),
            Entry::new(EventKind::Accepted, day("2026-03-05")),
        ];
        let clocks = clocks(&entries, &LawProfile::default_profile(), &Calendar::new());
        let stand = |today: &str| Stand {
            state: State::Handling,
            outcome: None,
            path: None,
            reviewed: false,
            clocks: &clocks,
            today: day(today),
        };
        // 60 days from the day after 5 March: 4 May.
        let [left] = &stand("2026-05-01").clocks()[..] else {
            panic!("one clock runs");
        };
        assert_eq!(left.words, "最迟在2026年5月4日给您书面答复，还有3天。");
        assert_eq!(left.basis, "《信访工作条例》第三十四条");
        let [late] = &stand("2026-05-06").clocks()[..] else {
            panic!("one clock runs");
        };
        assert!(
            late.words
                .starts_with("应当在2026年5月4日以前给您书面答复，已经超过2天。")
        );
    }

    #[test]
    fn remedies_are_named_while_they_last() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let entries = [
            Entry::new(EventKind::Registered, day("2026-03-01")),
            Entry::new(EventKind::Accepted, day("2026-03-05")),
            Entry::new(EventKind::Answered, day("2026-03-20")),
        ];
        let clocks = clocks(&entries, &LawProfile::default_profile(), &Calendar::new());
        let rights = |today: &str| {
            let stand = Stand {
                state: State::Answered,
                outcome: None,
                path: None,
                reviewed: false,
                clocks: &clocks,
                today: day(today),
            };
            stand
                .rights()
                .iter()
                .any(|right| right.words.contains("复查"))
        };
        // Until 19 April.
        assert!(rights("2026-04-19"));
        assert!(!rights("2026-04-20"));
    }

    #[test]
    fn every_state_has_words_and_a_right() {
        for state in State::ALL {
            let stand = Stand {
                state: *state,
                outcome: None,
                path: None,
                reviewed: false,
                clocks: &[],
                today: NaiveDate::from_ymd_opt(2026, 3, 10).unwrap(),
            };
            assert!(stand.words().ends_with('。'), "{state}");
            assert!(!stand.rights().is_empty(), "{state}");
        }
    }
}
