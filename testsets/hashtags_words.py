"""What neighbours write about: for each governed tag the words that a post names and sentences around them.

These are for `dev`, and word lists may be written with them in sight; those of `test` are in
`testsets.hashtags_held_out`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """One governed tag. words: names that become free tags; sentences: with `{w}` where the word stands,
    `{w를}` and `{w가}` with the particle that fits it."""

    tag: str
    words: tuple[str, ...]
    sentences: tuple[str, ...]


def subjects(table: str) -> tuple[Subject, ...]:
    """Lines of `tag|word,word|sentence|sentence`."""
    rows = (line.split("|") for line in table.strip().splitlines())
    return tuple(Subject(tag, tuple(words.split(",")), tuple(rest)) for tag, words, *rest in rows)


def titled(table: str) -> tuple[tuple[str, str], ...]:
    """Lines of `title|text`, the title perhaps empty."""
    rows = (line.partition("|") for line in table.strip().splitlines())
    return tuple((title, text) for title, _, text in rows)


SUBJECTS = subjects("""
맛집|들깨칼국수,마라탕,돼지국밥,초밥|점심으로 {w} 먹었는데 진짜 맛있었어요|{w} 잘하는 식당 찾았어요. 줄 설 만해요
카페|흑임자라떼,말차빙수,핸드드립|{w} 마시러 갔는데 자리도 넓고 조용했어요|커피 마시기 좋은 데를 찾았어요. {w} 추천해요
빵집|소금빵,치아바타,크루아상|갓 구운 {w} 향이 골목까지 나요|{w} 나오는 시간이 아침 열 시래요. 금방 다 팔려요
술집|하이볼,막걸리,수제맥주|퇴근하고 {w} 한잔하기 좋은 곳이에요|안주가 맛있고 {w} 종류가 많아요
요리|김치찜,밀푀유나베,잡채|집에서 {w} 해봤는데 비법은 육수예요|{w} 만드는 법 공유해요. 약불에 오래 끓이세요
산책|호수공원,둘레길,철길숲|저녁마다 {w} 한 바퀴 걸어요|{w} 걷기 좋은 계절이네요
등산|관악산,청계산,무등산|주말에 {w} 정상까지 올라갔다 왔어요|{w} 초보 코스로 두 시간이면 내려와요
러닝|한강변,트레일런,운동장 트랙|아침마다 {w}에서 뛰어요|{w} 5km 뛰실 분 있나요
자전거|로드바이크,따릉이,국토종주|{w} 타고 출퇴근해요|{w} 타이어 바람 넣는 곳이 어디 있을까요
헬스|스쿼트,피티수업,벤치프레스|{w} 자세 봐주는 트레이너가 친절해요|운동기구 많은 데서 {w} 시작했어요
수영|자유수영,아쿠아로빅,접영반|{w} 등록하려고 새벽에 줄 섰어요|{w} 끝나고 물 밖에 나오면 배고파요
요가|필라테스,빈야사,인요가|{w} 한 달 하니 허리가 편해졌어요|{w} 매트 깔고 하는 수업 다녀요
테니스|테린이,더블스,실내코트|{w} 같이 치실 분 구해요|라켓 새로 사서 {w} 시작했어요
축구|풋살,조기축구,유소년클럽|{w} 한 명 부족해요|일요일 아침에 {w} 뛰어요
강아지|말티푸,진돗개,푸들|{w} 키우는데 산책하면 다들 예뻐해 주세요|우리집 {w} 간식 추천 부탁드려요
고양이|치즈냥이,길냥이,러시안블루|{w} 밥 챙겨주고 있어요|{w} 중성화하고 왔는데 잘 먹어요
분실동물|포메라니안,앵무새,비글|어제 {w를} 잃어버렸어요. 빨간 목줄을 했어요|집 나간 {w} 보신 분 연락 주세요
동물병원|슬개골수술,스케일링,예방접종|반려견 {w} 잘 보는 수의사 선생님 계신가요|{w} 하러 데려갔는데 진료가 꼼꼼했어요
육아|이유식,수면교육,두 돌 아기|{w} 때문에 밤마다 고민이에요|아기 키우면서 {w} 어떻게 하셨어요
학원|코딩수업,피아노레슨,영어회화|초등 아이 {w} 어디 보내세요|{w} 가르치는 선생님이 잘 설명해 주신대요
학교|급식,등굣길,운동회|초등 {w} 이야기 들어보니 걱정되네요|내년 입학인데 {w} 어떤가요
병원|정형외과,소아과,이비인후과|{w} 대기가 길지 않은 곳 아세요|주말에 여는 {w}에서 진료 잘 받았어요
치과|임플란트,사랑니,교정|{w} 과잉진료 안 하는 데 알려주세요|이가 아파서 {w} 상담받았어요
약국|심야약국,감기약,영양제|밤에 {w} 여는 데가 있을까요|{w} 친절하게 설명해 주시는 약사님이에요
미용실|레이어드 컷,뿌리염색,히피펌|머리하러 가서 {w} 했는데 마음에 들어요|{w} 잘하는 디자이너 추천해 주세요
네일|젤네일,패디큐어,자석네일|손톱에 {w} 했는데 한 달 가요|{w} 예쁘게 하는 데 있나요
세탁소|운동화세탁,패딩세탁,가죽수선|옷 맡겼는데 {w} 깨끗하게 됐어요|{w} 맡길 만한 데가 있을까요
청소|입주청소,에어컨청소,매트리스청소|{w} 업체 불렀는데 먼지가 많이 나왔어요|{w} 맡겨보신 분 가격이 얼마였나요
이사|용달,포장이사,원룸이사|다음 달에 짐 옮기는데 {w} 추천받아요|{w} 기사님이 친절하셨어요
인테리어|도배,욕실공사,줄눈시공|집 고치면서 {w} 했는데 결과가 좋아요|{w} 견적 받아보신 분 있나요
수리|보일러,방충망,도어락|{w} 고장나서 기사님 불렀어요|{w} 고쳐주는 곳 아시나요
부동산|전세계약,월세방,등기부등본|{w} 할 때 뭘 확인해야 하나요|집 구하면서 {w} 보는 법을 배웠어요
버스|마을버스,광역버스,심야버스|{w} 배차가 너무 길어요|{w} 노선이 바뀌었대요
지하철|환승통로,연장선,급행열차|{w} 공사가 내년까지래요|출근길 {w} 사람이 너무 많아요
주차|거주자우선,이중주차,공영주차장|{w} 때문에 매일 힘들어요|차 세울 데가 없어서 {w} 알아봐요
도로공사|횡단보도,우회도로,보도블록|{w} 공사 중이라 길이 막혀요|파헤쳐 놓은 {w} 언제 끝나나요
분실물|카드지갑,무선이어폰,우산|{w를} 잃어버렸어요. 보신 분 계세요|버스에 {w를} 두고 내렸어요
습득물|교통카드,자동차키,인형|길에서 {w를} 주웠어요. 주인 찾아요|{w} 주워서 파출소에 맡겼어요
나눔|아기옷,화분,유아책|{w} 그냥 드려요. 필요하신 분 가져가세요|안 쓰는 {w} 무료로 드립니다
공동구매|절임배추,한우세트,생수|{w} 같이 주문하실 분 모아요|{w} 여럿이 사면 싸대요. 함께 사요
축제|불꽃놀이,등불축제,거리공연|이번 주말 {w} 구경 갈 만해요|{w} 행사 일정 나왔어요
전시|사진전,미디어아트,도예전|{w} 보고 왔는데 작품이 좋았어요|무료로 여는 {w} 이번 주까지예요
영화|독립영화,심야상영,애니메이션|{w} 보러 극장 갔다가 울었어요|{w} 같이 보실 분 있나요
도서관|열람실,독서모임,상호대차|{w} 자리가 아침부터 꽉 차요|책 빌리러 갔다가 {w} 안내를 봤어요
벚꽃|천변길,야간개장,꽃놀이|{w} 분홍빛이 절정이에요|꽃이 활짝 펴서 {w} 사람 많아요
단풍|은행나무길,수목원,단풍터널|{w} 울긋불긋 물들었어요|가을 {w} 지금이 제일 예뻐요
날씨|소나기,미세먼지,첫눈|오늘 {w} 심하다고 하니 조심하세요|밖에 {w} 오네요
층간소음|발망치,가구 끄는 소리,피아노 소리|윗집 {w} 때문에 잠을 못 자요|밤늦게 {w} 어떻게 해결하셨어요
치안|가로등,수상한 사람,방범순찰|골목이 어두워서 무서워요. {w} 이야기 들으셨어요|{w} 관련해서 경찰에 신고했어요
정전|변압기,엘리베이터 멈춤,차단기|갑자기 불이 다 나갔어요. {w} 문제래요|아파트 전기가 끊겨서 {w} 점검 중이래요
단수|물탱크청소,수도관,녹물|내일 물이 안 나온대요. {w} 때문이래요|{w} 공사로 오전에 수돗물이 끊겨요
알바|편의점,주말 서빙,전단지|{w} 일할 사람 구해요. 시급 협의|{w} 일자리 찾고 있어요
모임|보드게임,독서토론,또래 친구|{w} 같이 하실 분 모여요|{w} 매주 만나는 사람들 있어요
봉사활동|연탄 나르기,플로깅,유기견보호소|{w} 자원봉사 다녀왔어요|{w} 도우러 가실 분 계신가요
전통시장|순대골목,오일장,참기름|장날에 {w} 사러 시장 갔다 왔어요|시장 상인분이 {w} 싸게 주셨어요
마트|할인행사,수박,달걀|장 보러 갔는데 {w} 싸게 팔아요|{w} 어느 대형 매장이 제일 싼가요
""")

ENGLISH = subjects("""
맛집|ramen,pizza,tacos|The {w} at that restaurant was delicious|Best {w} restaurant I have tried here
카페|latte,cold brew|Found a quiet cafe with great {w}|A nice coffee shop, try the {w}
등산|bukhansan,dobongsan|Hiked {w} to the peak on Sunday|Looking for an easy hiking trail on {w}
러닝|marathon,5k|Anyone running the {w} next week|Started running, training for a {w}
강아지|corgi,maltese|My dog, a {w}, loves everyone|Dog owners, what do you feed your {w}
고양이|kitten,tabby|A stray cat, a {w}, sits at our door|My cat just had her check, a sweet {w}
동물병원|vaccination,surgery|Which vet is good for {w}|Took my pet to the vet for {w}
병원|dermatologist,pediatrician|Any English-speaking {w} at a clinic nearby|The {w} at the hospital was kind
치과|braces,implant|Dentist recommendation for {w} please|Went to the dentist about {w}
버스|airport bus,night bus|The {w} was late again|Where does the {w} stop, which bus line
주차|parking permit,garage|Parking is impossible here, need a {w}|Where can I park, is there a {w}
분실물|airpods,wallet|I lost my {w} on the train|Lost: {w}, please tell me if you find it
나눔|sofa,bookshelf|Giving away a {w} for free|Free {w}, pick up today
모임|board game night,book club|We meet every week for {w}, join us|Looking for people to join our {w} meetup
축제|fireworks,lanterns|The festival with {w} is this weekend|Did you see the {w} at the festival
""")

CHATTER = (
    "오늘도 좋은 하루 보내세요",
    "댓글로 알려주세요",
    "이사 온 지 얼마 안 됐어요",
    "다들 감기 조심하세요",
    "저만 몰랐나 봐요",
    "주말 잘 보내세요",
)
PLACES = ("행궁동", "망원동", "수내동", "전포동", "봉선동", "노형동", "탄방동", "구월동", "복현동", "반송동")
BUILDINGS = ("약국", "도서관", "치과", "마트", "학교", "병원")
"""Buildings that are named only to say where something is."""

OUTSIDE = titled("""
중고거래 약속|약속 시간 지났는데 구매자가 삼십 분째 답이 없네요. 이런 경우 그냥 가도 되죠?
|매너온도 오십 도 찍었어요. 별거 아닌데 하루 종일 기분이 좋네요 ㅎㅎ
재활용 요일|우리 동 재활용 배출 요일이 화요일에서 목요일로 바뀐 거 맞나요?
돼지 저금통|돼지 저금통 뜯었더니 사십이만 원이 나왔어요. 팔이 아프도록 셌습니다.
상자 탑|택배 상자를 현관문 앞에 쌓아두셔서 문이 안 열렸어요. 창문으로 나갈 뻔 ㅋㅋ
알뜰폰 후기|알뜰폰으로 바꾼 지 한 달, 요금이 반으로 줄었습니다. 왜 진작 안 했을까요.
|물려서 반토막 난 주식, 오늘도 앱만 켰다 껐다 합니다.
|어젯밤 꿈에 돌아가신 할머니가 나와서 손을 꼭 잡아주셨어요. 하루 종일 먹먹합니다.
|환갑 넘어 운전면허 한 번에 붙었습니다! 자랑할 데가 없어서 여기 적어요.
은행 폐점|사거리 은행이 다음 달에 문을 닫는답니다. 어르신들은 어디로 가야 하나요.
우체국 대기|등기 하나 부치는데 앞에 마흔 명이 있었어요. 월요일 오전은 피하세요.
|다육이는 물만 안 주면 산다더니 저는 그것도 죽였네요. 똥손 인증합니다.
비둘기 알|실외기 뒤에 비둘기가 알을 낳았어요. 쫓아내자니 마음이 약해지네요.
모기와 나|모기 한 마리 때문에 전기 파리채 들고 한 시간째 대치 중입니다.
|까치가 옥상 안테나에 집을 짓는 중인데 나뭇가지 고르는 눈이 저보다 까다로워요.
유세차|아침 일곱 시부터 유세차 노래가 울리니 찍어주고 싶던 마음도 사라집니다.
여권 사진|여권 사진 퇴짜 맞았어요. 귀가 안 보인다는데 제 귀가 원래 이렇습니다.
종소세 신고|종소세 신고 혼자 해보신 분, 경비율 고르는 칸에서 막혔는데 어떻게 하셨어요?
국민연금|연금을 일찍 받을지 미룰지 고민입니다. 선배님들은 어떻게 하셨나요?
|전도하러 오신 분이 세 번째 초인종을 누르셨어요. 정중히 거절하는 말 좀 알려주세요.
뜨개질 망함|목도리 뜨다가 길이 조절 실패해서 이불이 됐습니다.
아버지 카메라|장롱에서 나온 아버지 필름 카메라, 셔터 소리 듣는데 괜히 눈물이 났어요.
|오십 년 모은 우표책, 이제 값도 안 쳐준다네요. 그래도 못 버리겠습니다.
붕어 낚시|저수지에서 열 시간 앉아 있다가 피라미 한 마리 만났습니다. 눈인사하고 보냈어요.
탁구 라켓|탁구 시작한 지 두 달, 라켓 러버는 언제쯤 바꿔야 하나요?
|게임에서 삼 년 만에 다이아 달았는데 축하해 주는 사람이 없네요.
엄마 사진|휴대폰 용량이 꽉 찼다는데 돌아가신 엄마 사진은 하나도 못 지우겠어요.
|인공지능한테 고민을 털어놨더니 친구보다 위로를 잘하네요. 좀 씁쓸합니다.
|안경 도수 올렸더니 바닥이 울렁거려요. 며칠이면 적응되나요?
조의금|빈소에 못 가는데 조의금만 보내도 실례가 아닐까요?
명절 전화|이번 명절엔 아무도 안 온답니다. 전화벨만 기다리게 되네요.
헤어진 날|칠 년 만난 사람이랑 오늘 헤어졌어요. 아무나 괜찮다고 한마디만 해주세요.
또 떨어짐|공무원 시험 네 번째 떨어졌습니다. 부모님께 아직 말을 못 했어요.
|야간 근무 마치고 들어와 남들 출근할 때 자려니 아직도 낯설어요.
입대한 조카|조카가 논산 들어가던 날 씩씩하게 경례하는데 이모인 제가 제일 많이 울었습니다.
삼재라는데|올해 삼재라는데 진짜 믿으세요? 벌써 접시를 네 개 깼습니다.
|이웃분이 먼저 인사해 주셔서 삼 년 만에 처음 말 섞어봤어요. 별거 아닌데 따뜻하네요.
|동대표 선거에 후보가 한 명도 없다네요. 이러다 제가 나가게 생겼습니다.
문방구 폐업|삼십 년 된 문방구가 문 닫았어요. 딱지 고르던 기억이 아직 선한데.
향수 테러|엘리베이터에 향수 한 통을 쏟으신 분 누구신가요. 이십 층까지 숨 참았습니다.
컴활 합격|예순다섯에 컴활 이급 땄습니다. 엑셀이 이렇게 재밌는 줄 몰랐어요.
|드라마 마지막 회 결말이 그게 뭔가요. 석 달을 기다렸는데 다 꿈이었다니요.
공기청정기|공기청정기가 제 방귀에만 빨간불을 켜요. 성능은 확실한 것 같습니다.
보청기|아버지가 보청기 끼고 처음 새소리를 들으셨대요. 온 식구가 울었습니다.
전기차 초보|전기차로 바꿨더니 너무 조용해서 켜진 줄 모르고 시동 버튼을 세 번 눌렀어요.
""")
OUTSIDE_ENGLISH = titled("""
Slow Wi-Fi|My internet crawls every evening at nine. Is it just me or the whole block?
Visa photo|Has anyone renewed a visa here lately? The online form keeps rejecting my photo.
|I passed the citizenship interview today and cried in front of the officer.
Checkmate|I lost to an old man at chess in nine moves. I think he was half asleep.
Tax form|Can freelancers write off a home desk? The tax form makes no sense to me.
|The church bells rang thirteen times at noon. Did anybody else count?
Dad's radio|I tuned in to the station my late dad always played and left it on all night.
Pigeon boss|A pigeon sat on my balcony and stared until I apologised. No idea for what.
|How much cash is polite for a coworker's wedding here? I barely know the groom.
Debt free|Paid off my last debt this morning. I have nobody to tell, so hello, neighbours.
""")
"""Posts that fit no tag: title (or none) and text, by a writer who saw neither lists nor examples."""
