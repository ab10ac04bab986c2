//! The words times are written with, in the languages feeds are written in.
//!
//! All words stand here as `fold` leaves them: lower case, accents dropped (`märz` is `marz`,
//! `май` is `маи`). One word may mean several things (`mar` is March, mardi and martes; `ago` is
//! August and English "ago"), so each table is asked for itself, by whoever knows what may come next.

/// The number of the month a word names.
pub fn month(word: &str) -> Option<u32> {
    Some(match word {
        "jan"
        | "january"
        | "januar"
        | "janner"
        | "janv"
        | "janvier"
        | "ene"
        | "enero"
        | "gen"
        | "genn"
        | "gennaio"
        | "janeiro"
        | "januari"
        | "sty"
        | "stycznia"
        | "styczen"
        | "янв"
        | "январь"
        | "января"
        | "січ"
        | "січня"
        | "ιαν"
        | "ιανουαριοσ"
        | "ιανουαριου"
        | "januara"
        | "ocak"
        | "oca"
        | "led"
        | "ledna"
        | "leden"
        | "ianuarie"
        | "ian"
        | "tammikuuta"
        | "tammikuu"
        | "tammi"
        | "يناير" => 1,
        "feb"
        | "february"
        | "februar"
        | "feber"
        | "fev"
        | "fevr"
        | "fevrier"
        | "febrero"
        | "febr"
        | "febb"
        | "febbraio"
        | "fevereiro"
        | "februari"
        | "lut"
        | "lutego"
        | "luty"
        | "фев"
        | "февр"
        | "февраль"
        | "февраля"
        | "лют"
        | "лютого"
        | "φεβ"
        | "φεβρουαριοσ"
        | "φεβρουαριου"
        | "subat"
        | "sub"
        | "februara"
        | "uno"
        | "unora"
        | "unor"
        | "februarie"
        | "helmikuuta"
        | "helmikuu"
        | "helmi"
        | "فبراير" => 2,
        "mar" | "march" | "maret" | "marz" | "maerz" | "mrz" | "mars" | "marzo" | "marco"
        | "maart" | "mrt" | "marca" | "marzec" | "мар" | "март" | "марта" | "бер" | "березня"
        | "μαρ" | "μαρτ" | "μαρτιοσ" | "μαρτιου" | "marcius" | "marc" | "mart" | "bre"
        | "brezna" | "brezen" | "martie" | "maaliskuuta" | "maaliskuu" | "maalis" | "مارس" => 3,
        "apr" | "april" | "avr" | "avril" | "abr" | "abril" | "aprile" | "kwi" | "kwietnia"
        | "kwiecien" | "апр" | "апрель" | "апреля" | "кві" | "квітня" | "απρ" | "απριλιοσ"
        | "απριλιου" | "aprilis" | "nisan" | "nis" | "dub" | "dubna" | "duben" | "aprilie"
        | "huhtikuuta" | "huhtikuu" | "huhti" | "أبريل" | "ابريل" => 4,
        "may" | "mai" | "mayo" | "mag" | "magg" | "maggio" | "maio" | "mei" | "maj" | "maja"
        | "маи" | "мая" | "тра" | "травня" | "μαι" | "μαιοσ" | "μαιου" | "μαη" | "majus"
        | "mayis" | "kve" | "kvetna" | "kveten" | "toukokuuta" | "toukokuu" | "touko" | "مايو" => {
            5
        }
        "jun" | "june" | "juni" | "juin" | "junio" | "giu" | "giugno" | "junho" | "cze"
        | "czerwca" | "czerwiec" | "июн" | "июнь" | "июня" | "чер" | "червня" | "ιουν"
        | "ιουνιοσ" | "ιουνιου" | "junius" | "haziran" | "haz" | "cervna" | "cerven" | "iunie"
        | "iun" | "kesakuuta" | "kesakuu" | "kesa" | "يونيو" => 6,
        "jul" | "july" | "juli" | "juil" | "juill" | "juillet" | "julio" | "lug" | "luglio"
        | "julho" | "lip" | "lipca" | "lipiec" | "июл" | "июль" | "июля" | "лип" | "липня"
        | "ιουλ" | "ιουλιοσ" | "ιουλιου" | "julius" | "temmuz" | "tem" | "cervence"
        | "cervenec" | "iulie" | "iul" | "heinakuuta" | "heinakuu" | "heina" | "يوليو" => 7,
        "aug" | "august" | "aout" | "ago" | "agosto" | "augustus" | "augusti" | "agustus"
        | "agt" | "sie" | "sierpnia" | "sierpien" | "авг" | "август" | "августа" | "сер"
        | "серпня" | "αυγ" | "αυγουστοσ" | "αυγουστου" | "augusztus" | "agustos" | "agu"
        | "srp" | "srpna" | "srpen" | "elokuuta" | "elokuu" | "elo" | "أغسطس" | "اغسطس" => {
            8
        }
        "sep"
        | "sept"
        | "september"
        | "septembre"
        | "septiembre"
        | "setiembre"
        | "set"
        | "sett"
        | "settembre"
        | "setembro"
        | "wrz"
        | "wrzesnia"
        | "wrzesien"
        | "сен"
        | "сент"
        | "сентябрь"
        | "сентября"
        | "вер"
        | "вересня"
        | "σεπ"
        | "σεπτ"
        | "σεπτεμβριοσ"
        | "σεπτεμβριου"
        | "szept"
        | "szeptember"
        | "eylul"
        | "eyl"
        | "zar"
        | "zari"
        | "septembrie"
        | "syyskuuta"
        | "syyskuu"
        | "syys"
        | "سبتمبر" => 9,
        "oct" | "october" | "okt" | "oktober" | "octobre" | "octubre" | "ott" | "ottobre"
        | "out" | "outubro" | "paz" | "pazdziernika" | "pazdziernik" | "окт" | "октябрь"
        | "октября" | "жов" | "жовтня" | "οκτ" | "οκτωβριοσ" | "οκτωβριου" | "ekim" | "eki"
        | "rij" | "rijna" | "rijen" | "octombrie" | "lokakuuta" | "lokakuu" | "loka" | "أكتوبر"
        | "اكتوبر" => 10,
        "nov" | "november" | "novembre" | "noviembre" | "novembro" | "lis" | "listopada"
        | "listopad" | "ноя" | "нояб" | "ноябрь" | "ноября" | "лис" | "листопада" | "νοε"
        | "νοεμβριοσ" | "νοεμβριου" | "kasim" | "kas" | "listopadu" | "noiembrie" | "noi"
        | "nopember" | "marraskuuta" | "marraskuu" | "marras" | "نوفمبر" => 11,
        "dec"
        | "december"
        | "dez"
        | "dezember"
        | "decembre"
        | "dic"
        | "diciembre"
        | "dicembre"
        | "dezembro"
        | "gru"
        | "grudnia"
        | "grudzien"
        | "дек"
        | "декабрь"
        | "декабря"
        | "гру"
        | "грудня"
        | "δεκ"
        | "δεκεμβριοσ"
        | "δεκεμβριου"
        | "des"
        | "desember"
        | "aralik"
        | "ara"
        | "pro"
        | "prosince"
        | "prosinec"
        | "decembrie"
        | "joulukuuta"
        | "joulukuu"
        | "joulu"
        | "ديسمبر" => 12,
        _ => return None,
    })
}

/// The day of the week a word names, Monday being 0.
pub fn weekday(word: &str) -> Option<u32> {
    Some(match word {
        "mon"
        | "monday"
        | "mo"
        | "montag"
        | "lun"
        | "lundi"
        | "lunes"
        | "lunedi"
        | "seg"
        | "segunda"
        | "maandag"
        | "ma"
        | "pn"
        | "pon"
        | "poniedzialek"
        | "пн"
        | "понедельник"
        | "понеділок"
        | "δευ"
        | "δευτερα"
        | "hetfo"
        | "pazartesi"
        | "pzt"
        | "man"
        | "mandag"
        | "pondeli"
        | "senin"
        | "po"
        | "周一"
        | "週一"
        | "星期一"
        | "礼拜一"
        | "禮拜一"
        | "月曜日"
        | "月曜"
        | "월요일" => 0,
        "tue" | "tues" | "tuesday" | "di" | "dienstag" | "mar" | "mardi" | "martes" | "martedi"
        | "ter" | "terca" | "dinsdag" | "wt" | "wto" | "wtorek" | "вт" | "вторник" | "вівторок"
        | "τρι" | "τριτη" | "kedd" | "sali" | "tir" | "tirsdag" | "tis" | "tisdag" | "selasa"
        | "utery" | "ut" | "周二" | "週二" | "星期二" | "礼拜二" | "禮拜二" | "火曜日" | "火曜"
        | "화요일" => 1,
        "wed" | "weds" | "wednesday" | "mi" | "mittwoch" | "mer" | "mercredi" | "mie"
        | "miercoles" | "mercoledi" | "qua" | "quarta" | "wo" | "woensdag" | "sr" | "sroda"
        | "ср" | "среда" | "середа" | "τετ" | "τεταρτη" | "szerda" | "carsamba" | "ons"
        | "onsdag" | "rabu" | "streda" | "st" | "周三" | "週三" | "星期三" | "礼拜三"
        | "禮拜三" | "水曜日" | "水曜" | "수요일" => 2,
        "thu" | "thur" | "thurs" | "thursday" | "do" | "donnerstag" | "jeu" | "jeudi" | "jue"
        | "jueves" | "gio" | "giovedi" | "qui" | "quinta" | "donderdag" | "cz" | "czwartek"
        | "чт" | "четверг" | "четвер" | "πεμ" | "πεμπτη" | "csutortok" | "csut" | "persembe"
        | "tor" | "torsdag" | "tors" | "kamis" | "ctvrtek" | "ct" | "周四" | "週四" | "星期四"
        | "礼拜四" | "禮拜四" | "木曜日" | "木曜" | "목요일" => 3,
        "fri" | "friday" | "fr" | "freitag" | "ven" | "vendredi" | "vie" | "viernes"
        | "venerdi" | "sex" | "sexta" | "vr" | "vrijdag" | "pt" | "piatek" | "пт" | "пятница"
        | "παρ" | "παρασκευη" | "pentek" | "cuma" | "fre" | "fredag" | "jumat" | "patek" | "pa"
        | "周五" | "週五" | "星期五" | "礼拜五" | "禮拜五" | "金曜日" | "金曜" | "금요일" => {
            4
        }
        "sat" | "saturday" | "sa" | "samstag" | "sonnabend" | "sam" | "samedi" | "sab"
        | "sabado" | "sabato" | "za" | "zaterdag" | "sob" | "sobota" | "сб" | "суббота"
        | "субота" | "σαβ" | "σαββατο" | "szombat" | "cumartesi" | "lor" | "lordag" | "sabtu"
        | "周六" | "週六" | "星期六" | "礼拜六" | "禮拜六" | "土曜日" | "土曜" | "토요일" => {
            5
        }
        "sun"
        | "sunday"
        | "so"
        | "sonntag"
        | "dim"
        | "dimanche"
        | "dom"
        | "domingo"
        | "domenica"
        | "zo"
        | "zondag"
        | "nd"
        | "niedziela"
        | "вс"
        | "воскресенье"
        | "неділя"
        | "κυρ"
        | "κυριακη"
        | "vasarnap"
        | "pazar"
        | "son"
        | "sondag"
        | "minggu"
        | "nedele"
        | "ne"
        | "周日"
        | "週日"
        | "周天"
        | "週天"
        | "星期日"
        | "星期天"
        | "礼拜天"
        | "礼拜日"
        | "禮拜天"
        | "禮拜日"
        | "日曜日"
        | "日曜"
        | "일요일" => 6,
        _ => return None,
    })
}

/// A part of the day, which says what an hour below twelve means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// English "am", 午前, 오전, 凌晨: twelve is midnight.
    Early,
    /// 上午, 早上: hours as they stand.
    Morning,
    /// 中午: around twelve.
    Noon,
    /// "pm", 下午, 傍晚: twelve is noon.
    Afternoon,
    /// 晚, 晚上: twelve is midnight, the end of the day.
    Evening,
    /// 深夜, 半夜: either side of midnight.
    Night,
}

/// The part of the day a word names.
pub fn part(word: &str) -> Option<Part> {
    Some(match word {
        "am" | "凌晨" | "午前" | "오전" => Part::Early,
        "上午" | "早上" | "早晨" | "清晨" | "清早" | "早" | "晨" => Part::Morning,
        "中午" | "正午" | "午间" | "午間" => Part::Noon,
        "pm" | "下午" | "午后" | "午後" | "傍晚" | "오후" => Part::Afternoon,
        "晚上" | "晚间" | "晚間" | "晚" | "夜晚" => Part::Evening,
        "深夜" | "半夜" | "夜里" | "夜裡" | "夜间" | "夜間" | "夜" => Part::Night,
        _ => return None,
    })
}

/// A day named by its distance from today, and the part of it a word such as 昨晚 adds.
pub fn day(word: &str) -> Option<(i64, Option<Part>)> {
    Some(match word {
        "今天" | "今日" | "今儿" | "today" | "오늘" => (0, None),
        "今早" | "今晨" => (0, Some(Part::Morning)),
        "今晚" => (0, Some(Part::Evening)),
        "今夜" => (0, Some(Part::Night)),
        "昨天" | "昨日" | "昨儿" | "yesterday" | "어제" => (-1, None),
        "昨早" | "昨晨" => (-1, Some(Part::Morning)),
        "昨晚" => (-1, Some(Part::Evening)),
        "昨夜" => (-1, Some(Part::Night)),
        "前天" | "前日" | "一昨日" | "그제" | "그저께" => (-2, None),
        "前晚" => (-2, Some(Part::Evening)),
        "大前天" => (-3, None),
        "明天" | "明日" | "tomorrow" | "내일" => (1, None),
        "明早" | "明晨" => (1, Some(Part::Morning)),
        "明晚" => (1, Some(Part::Evening)),
        "后天" | "後天" => (2, None),
        _ => return None,
    })
}

/// What one unit of a span is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// So many seconds.
    Seconds(i64),
    /// So many calendar months.
    Months(i64),
}

/// The day, the smallest unit after which a clock time may still be told (`2天前 12:03`).
pub const DAY: Unit = Unit::Seconds(86_400);

/// The unit a word names.
pub fn unit(word: &str) -> Option<Unit> {
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" | "秒" | "秒钟" | "秒鐘" | "초" => {
            Unit::Seconds(1)
        }
        "m" | "min" | "mins" | "minute" | "minutes" | "分" | "分钟" | "分鐘" | "分間" | "분" => {
            Unit::Seconds(60)
        }
        "刻" | "刻钟" | "刻鐘" => Unit::Seconds(900),
        "h" | "hr" | "hrs" | "hour" | "hours" | "小时" | "小時" | "钟头" | "鐘頭" | "時間"
        | "시간" => Unit::Seconds(3600),
        "d" | "day" | "days" | "天" | "日" | "日間" | "일" => DAY,
        "w" | "wk" | "wks" | "week" | "weeks" | "周" | "週" | "星期" | "礼拜" | "禮拜" | "週間"
        | "주" | "주일" => Unit::Seconds(7 * 86_400),
        "mo" | "mos" | "month" | "months" | "月" | "달" => Unit::Months(1),
        "y" | "yr" | "yrs" | "year" | "years" | "年" | "년" => Unit::Months(12),
        _ => return None,
    })
}

/// A small number in letters; a vague one is three.
pub fn count(word: &str) -> Option<u64> {
    Some(match word {
        "a" | "an" | "one" => 1,
        "two" | "couple" => 2,
        "three" | "few" | "several" | "some" | "几" | "幾" | "数" | "數" => 3,
        "four" => 4,
        "five" => 5,
        "six" => 6,
        "seven" => 7,
        "eight" => 8,
        "nine" => 9,
        "ten" => 10,
        _ => return None,
    })
}

/// Whether a word turns a span into the past.
pub fn is_ago(word: &str) -> bool {
    matches!(word, "ago" | "earlier" | "前" | "以前" | "之前" | "전")
}

/// Whether a word turns a span into the future.
pub fn is_later(word: &str) -> bool {
    matches!(word, "later" | "hence" | "后" | "後" | "以后" | "以後" | "之后" | "之後" | "후")
}

/// Whether a word alone means the present.
pub fn is_now(word: &str) -> bool {
    matches!(
        word,
        "now"
            | "刚刚"
            | "剛剛"
            | "刚才"
            | "剛才"
            | "刚"
            | "剛"
            | "方才"
            | "现在"
            | "現在"
            | "此刻"
            | "片刻前"
            | "不久前"
            | "たった今"
            | "방금"
    )
}

/// Years from this one.
pub fn year(word: &str) -> Option<i32> {
    Some(match word {
        "今年" | "本年" => 0,
        "去年" | "上年" => -1,
        "前年" => -2,
        "明年" => 1,
        _ => return None,
    })
}

/// The year before the first one of an era of Japan or China, whose years are counted from one.
pub fn era(word: &str) -> Option<u64> {
    Some(match word {
        "明治" => 1867,
        "大正" | "民国" | "民國" => 1911,
        "昭和" => 1925,
        "平成" => 1988,
        "令和" => 2018,
        _ => return None,
    })
}

/// Weeks or months from the present one; the unit follows.
pub fn turn(word: &str) -> Option<i64> {
    Some(match word {
        "last" | "上" => -1,
        "this" | "本" | "这" | "這" | "当" | "當" => 0,
        "next" | "下" => 1,
        _ => return None,
    })
}

/// Whether a word may stand between an hour and its minutes.
pub fn is_hour(word: &str) -> bool {
    matches!(word, "时" | "時" | "点" | "點" | "点钟" | "點鐘" | "시" | "h" | "ч")
}

/// Whether a word may close the minutes.
pub fn is_minute(word: &str) -> bool {
    matches!(word, "分" | "분" | "m" | "min" | "мин")
}

/// Whether a word may close the seconds.
pub fn is_second(word: &str) -> bool {
    matches!(word, "秒" | "초" | "s" | "sec" | "с")
}

/// Whether a word makes an ordinal of the number before it.
pub fn is_ordinal(word: &str) -> bool {
    matches!(word, "st" | "nd" | "rd" | "th" | "er" | "º" | "ª" | "°")
}

/// Whether a word says nothing and may stand between the parts of a time.
pub fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "t" | "at"
            | "on"
            | "of"
            | "the"
            | "and"
            | "about"
            | "around"
            | "de"
            | "del"
            | "a"
            | "as"
            | "um"
            | "uhr"
            | "den"
            | "der"
            | "am"
            | "le"
            | "la"
            | "el"
            | "om"
            | "uur"
            | "kl"
            | "klo"
            | "klokken"
            | "godz"
            | "r"
            | "ore"
            | "alle"
            | "г"
            | "года"
            | "в"
            | "hrs"
            | "hours"
            | "h"
            | "nbsp"
            | "half"
            | "日"
            | "整"
            | "约"
            | "大约"
            | "左右"
            | "时间"
            | "les"
            | "v"
            | "tr"
            | "των"
            | "στισ"
    )
}

/// Every word of Chinese, Japanese and Korean above, for cutting text that has no blanks between words.
pub fn is_known(word: &str) -> bool {
    part(word).is_some()
        || weekday(word).is_some()
        || day(word).is_some()
        || unit(word).is_some()
        || count(word).is_some()
        || year(word).is_some()
        || era(word).is_some()
        || turn(word).is_some()
        || is_ago(word)
        || is_later(word)
        || is_now(word)
        || is_hour(word)
        || is_filler(word)
        || super::written::name(word).is_some()
        || matches!(
            word,
            "半" | "个" | "個" | "ヶ月" | "か月" | "カ月" | "개월" | "号" | "號" | "월"
        )
}
