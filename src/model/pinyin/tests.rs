use std::path::Path;

use super::*;

fn check(name: &str, expected: &str) {
    assert_eq!(parts(name).concat(), expected, "{name}");
}

/// The cases of one kind, as "name slug" in each line.
fn check_all(cases: &str) {
    for case in cases.split_whitespace().collect::<Vec<_>>().chunks(2) {
        check(case[0], case[1]);
    }
}

#[test]
fn syllables_are_joined_to_each_other_and_to_latin() {
    check_all(
        "山海晨报 shanhaichenbao  IT周刊 itzhoukan  云图Insight yuntuinsight  7号车间 7haochejian
         GDP观察 gdpguancha  第1热线 di1rexian",
    );
}

#[test]
fn everything_else_becomes_one_dash_and_none_at_the_ends() {
    check("（山海·晨报）", "shanhai-chenbao");
    check("Deal Flow 投行PEVC", "deal-flow-touhangpevc");
    check("22度财经  大象APP", "22ducaijing-daxiangapp");
    check("云图证券(香港)", "yuntuzhengquan-xianggang");
    check("A\u{3000}&\u{3000}B", "a-b");
    check("C++ 周报!!", "c-zhoubao");
}

#[test]
fn width_and_compatibility_forms_are_folded_first() {
    check("ＩＴ周刊", "itzhoukan");
    check("①号楼", "1haolou");
    check("⼭海", "shanhai");
}

#[test]
fn umlauts_are_written_v() {
    check_all(
        "旅游周刊 lvyouzhoukan  策略观察 celveguancha  绿色家园 lvsejiayuan  女性之声 nvxingzhisheng",
    );
}

#[test]
fn what_cannot_be_read_has_no_parts() {
    for name in ["", " - ", "🎉", "Ελλάδα", "…"] {
        assert!(parts(name).is_empty(), "{name}");
    }
}

#[test]
fn parts_say_where_a_slug_may_be_cut() {
    assert_eq!(parts("IT 周刊24"), ["it", "-", "zhou", "kan", "24"]);
}

#[test]
fn overrides_rule_whole_names_only() {
    check("东财滚动新闻", "emnews");
    check(" 站长消息 ", "sitenews");
    check("站长消息报", "zhanzhangxiaoxibao");
}

#[test]
fn hang_and_xing() {
    check_all(
        "央行网站 yanghangwangzhan  山海银行 shanhaiyinhang  投行内参 touhangneican  行业动态 hangyedongtai
         行情中心 hangqingzhongxin  支行行长 zhihanghangzhang  排行榜 paihangbang  洋行旧事 yanghangjiushi
         仲量联行 zhonglianglianhang  戴德梁行 daidelianghang  行行查 hanghangcha  城商行观察 chengshanghangguancha
         旅行家 lvxingjia  绿色出行 lvsechuxing  在行动 zaixingdong  发行情况 faxingqingkuang
         发行业务 faxingyewu  央行动态 yanghangdongtai  执行长周刊 zhixingzhangzhoukan
         河北行业 hebeihangye  发行长期债 faxingchangqizhai  中行行长 zhonghanghangzhang",
    );
}

#[test]
fn chong_and_zhong() {
    check_all(
        "重庆晚间 chongqingwanjian  重阳投资 chongyangtouzi  重启之路 chongqizhilu  重组并购 chongzubinggou
         重工时报 zhonggongshibao  重要新闻 zhongyaoxinwen  多重要 duozhongyao  石家庄重组 shijiazhuangchongzu  重庆重工 chongqingzhonggong",
    );
}

#[test]
fn chang_and_zhang() {
    check_all(
        "长江晨讯 changjiangchenxun  长沙在线 changshazaixian  长城网 changchengwang  长春早报 changchunzaobao
         长期主义 changqizhuyi  市长热线 shizhangrexian  董事长周刊 dongshizhangzhoukan  院长访谈 yuanzhangfangtan
         成长基金 chengzhangjijin  增长观察 zengzhangguancha  市长江大桥 shichangjiangdaqiao",
    );
}

#[test]
fn music_and_joy() {
    check_all(
        "音乐周刊 yinyuezhoukan  乐清在线 yueqingzaixian  民乐 minyue  快乐家园 kuailejiayuan
         乐视 leshi  乐山网 leshanwang  娱乐圈 yulequan  乐亭 laoting  旅游乐团 lvyouyuetuan  长乐 changle",
    );
}

#[test]
fn banks_and_offices() {
    check_all(
        "会计周报 kuaijizhoubao  会计时光 kuaijishiguang  机会计划 jihuijihua  首都之窗 shouduzhichuang  成都在线 chengduzaixian
         都市晨报 dushichenbao  校对 jiaodui  校园 xiaoyuan  调查局 diaochaju  宏观调控 hongguantiaokong
         传记文学 zhuanjiwenxue  传媒观察 chuanmeiguancha  海外传媒 haiwaichuanmei  降价 jiangjia  投降 touxiang
         利率 lilv  汇率风向 huilvfengxiang  率先 shuaixian  模具网 mujuwang  模型 moxing  出差 chuchai
         标的 biaodi  弹性 tanxing  供给侧 gongjice  还原 huanyuan  角色 juese  曝光台 baoguangtai",
    );
}

#[test]
fn places() {
    check_all(
        "厦门在线 xiamenzaixian  大厦 dasha  西藏之声 xizangzhisheng  收藏 shoucang  朝阳 chaoyang  朝鲜 chaoxian
         朝气 zhaoqi  六安 luan  六合 liuhe  蚌埠 bengbu  番禺 panyu  柏林 bolin  洪洞 hongtong  单县 shanxian
         台州 taizhou  丽水 lishui  天台 tiantai  亳州 bozhou  涡阳 guoyang  歙县 shexian  黟县 yixian
         蔚县 yuxian  尉氏 weishi  东莞 dongguan  莘县 shenxian  莘庄 xinzhuang  井陉 jingxing  盱眙 xuyi
         铅山 yanshan  婺源 wuyuan  枞阳 zongyang  会稽 kuaiji  阿房 epang  东阿 donge  山东阿里 shandongali
         什邡 shifang  犍为 qianwei  牟平 muping  黄陂 huangpi  浚县 xunxian  珲春 hunchun  大埔 dabu
         吐鲁番 tulufan  秘鲁 bilu  波罗的海 boluodihai  巴勒斯坦 balesitan  喀什 kashi  尖沙咀 jianshazui",
    );
}

#[test]
fn names_of_people() {
    check_all(
        "单仁 shanren  尉迟 yuchi  万俟 moqi  朴槿惠 piaojinhui  曾国藩 zengguofan  解缙 xiejin  仇英 qiuying
         查良镛 zhaliangyong  翟 zhai  薄 bo  隗 wei  阚 kan  郇 xun  释迦牟尼 shijiamuni",
    );
}

#[test]
fn traditional_characters() {
    check_all(
        "重慶銀行 chongqingyinhang  長江 changjiang  市長 shizhang  音樂 yinyue  大廈 dasha  會計 kuaiji",
    );
}

#[test]
fn every_row_of_the_table_is_well_formed() {
    let mut seen = std::collections::HashSet::new();
    for row in rows(PHRASES) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [character, reading, list] = columns[..] else { panic!("three columns: {row}") };
        assert_eq!(character.chars().count(), 1, "{row}");
        assert!(reading.bytes().all(|letter| letter.is_ascii_lowercase()), "{row}");
        for word in list.split(' ') {
            assert!(word.contains(character), "{word} has no {character}");
            assert!(seen.insert((character, word)), "{word} stands twice for {character}");
            assert_eq!(word, word.nfkc().collect::<String>().to_lowercase());
        }
    }
}

/// The names of real outlets are not ours to carry; where the file is, every row is right.
#[test]
fn every_name_of_the_old_site_is_read_right() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/media-names.tsv");
    let Ok(table) = std::fs::read_to_string(&path) else {
        eprintln!("not checked against {}: it is not there", path.display());
        return;
    };
    let names = table.lines().filter(|row| !row.starts_with('#'));
    for row in names {
        let columns: Vec<&str> = row.split('\t').collect();
        check(columns[0], if columns[2].is_empty() { columns[1] } else { columns[2] });
    }
}
