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
