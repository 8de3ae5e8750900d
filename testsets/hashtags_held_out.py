"""What neighbours write about in `test`: words and sentences that are kept from those who write word lists.

They were written after the lists, and nothing of them is put into the lists; a test holds them apart. The
first word of each tag is one of `dev` too, the others are not.
"""

from __future__ import annotations

from testsets.hashtags_words import subjects

SUBJECTS = subjects("""
맛집|마라탕,부대찌개,메밀소바|어제 다녀온 {w} 집 또 가고 싶어요|{w} 하나 먹으려고 사십 분 기다렸는데 안 아까웠어요
카페|핸드드립,쑥라떼,아인슈페너|노트북 펴 놓고 {w} 시켜 놓고 오후 내내 있었어요|통창 있는 자리에서 {w} 마셨는데 여기 단골 될 것 같아요
빵집|소금빵,깜빠뉴,단팥빵|{w} 사러 오픈런 했어요|아침마다 오븐 냄새가 나서 결국 {w} 샀어요
술집|막걸리,소맥,사케|밤에 이차로 {w} 마시러 갈 만한 데 있어요|사장님이 {w} 서비스로 한 병 더 주셨어요
요리|김치찜,감자조림,갈비찜|냉장고 털어서 {w} 만들었어요. 간은 간장으로만 했어요|{w} 양념 비율 아시는 분
산책|호수공원,수변데크,숲길|해 질 무렵 {w} 거닐다 왔어요|유모차 끌고 {w} 돌기 괜찮은가요
등산|청계산,수리산,치악산|새벽에 {w} 올라가서 일출 봤어요|{w} 갈 때 등산화 꼭 신으세요. 바위가 미끄러워요
러닝|트레일런,인터벌,장거리주|무릎 안 아프게 {w} 하는 법 있을까요. 러닝화 바꿔야 하나요|퇴근하고 {w} 한 지 백 일 됐어요. 페이스가 빨라졌어요
자전거|따릉이,접이식,하이브리드|{w} 펑크 났는데 때워 주는 가게가 가까이에 있나요. 바퀴가 휘었어요|헬멧 쓰고 {w} 페달 밟기 좋은 길 알려주세요
헬스|스쿼트,랫풀다운,런지|{w} 몇 세트씩 하세요. 어깨가 안 커져요|관장님이 {w} 무게 올려 보라고 하셨어요
수영|자유수영,오리발수업,물잡기|{w} 배우는데 물을 자꾸 먹어요|레인이 붐벼서 {w} 할 때 부딪혀요
요가|빈야사,하타,플라잉|{w} 다녀왔더니 온몸이 개운해요. 선생님 목소리가 차분해요|뻣뻣한 사람도 {w} 동작 할 수 있나요
테니스|더블스,서브,포핸드|{w} 봐주실 코치님 찾아요. 코트는 제가 예약할게요|코트에서 {w} 치고 나니 팔꿈치가 아파요
축구|풋살,골키퍼,미드필더|토요일 저녁 {w} 용병 두 명 급해요|잔디 구장 잡았어요. {w} 하실 분
강아지|푸들,말라뮤트,스피츠|{w} 목줄 어디 거 쓰세요. 자꾸 물어뜯어요|{w} 꼬리 흔드는 거 보면 피곤이 싹 가셔요
고양이|길냥이,삼색이,턱시도|{w} 화장실 모래 추천해 주세요|지붕 위에 {w가} 야옹거려요. 새끼를 낳았나 봐요
분실동물|앵무새,고슴도치,믹스견|문 열린 사이에 {w가} 나가서 안 돌아와요|{w를} 찾습니다. 겁이 많으니 쫓지 말고 전화 주세요
동물병원|예방접종,발치,혈액검사|강아지 {w} 비용 어디가 저렴한가요. 원장님 설명 잘하시는 곳이요|고양이 {w} 하러 갔다가 입원했어요
육아|이유식,배변훈련,분리수면|돌쟁이 {w} 선배님들 조언 부탁해요|{w} 시작했는데 아이가 하루 종일 울어요. 다들 어떻게 버티셨어요
학원|피아노레슨,바둑수업,발레|{w} 일곱 살부터 받아 주나요. 셔틀도 있으면 좋겠어요|원장님이 {w} 레벨 테스트 해 주셨어요
학교|급식,교복,돌봄교실|우리 애 담임 선생님이 {w} 안내를 보내셨어요|3학년부터 {w} 바뀐다는데 들으셨나요
병원|소아과,신경외과,가정의학과|{w} 의사 선생님이 꼼꼼히 봐 주셨어요|허리를 삐끗했는데 {w} 가야 할까요
치과|사랑니,레진,크라운|{w} 비용이 치아 하나에 얼마였나요|어금니 {w} 때문에 마취했는데 하나도 안 아팠어요
약국|감기약,소화제,밴드|일요일에 {w} 파는 약국 있나요|{w} 달라고 했더니 약사님이 증상부터 물어보셨어요
미용실|히피펌,탈색,앞머리|{w} 했더니 다들 어려 보인대요. 미용사님 솜씨가 좋아요|머리숱이 많은데 {w} 예약하면 몇 시간 걸리나요
네일|젤네일,프렌치,큐빅|{w} 벗겨져서 보수 받으러 가요. 손이 확 살아요|결혼식 앞두고 손끝에 {w} 받고 싶은데 디자인 추천해 주세요
세탁소|패딩세탁,이불세탁,다림질|사장님이 {w} 하루 만에 해 주셨어요. 코트도 맡겨 보려고요|{w} 값이 올랐네요. 와이셔츠도 같이 맡겨요
청소|입주청소,계단청소,유리창청소|{w} 부르면 몇 분이 오시나요. 서른 평이에요|{w} 하고 나니 집이 새집 같아요. 약품 냄새도 없어요
이사|용달,이사박스,반포장|{w} 불러서 침대하고 책상만 옮기려고 해요|다음 주에 집을 비워야 해서 {w} 알아보는 중이에요
인테리어|도배,마루시공,조명교체|{w} 새로 하니까 거실이 넓어 보여요|신혼집 {w} 하려는데 업체마다 값이 달라요
수리|도어락,세면대,인터폰|{w} 먹통이에요. 급하게 와 주실 분|{w} 부품만 갈면 된대서 출장 불렀어요
부동산|전세계약,근저당,특약|{w} 조항 꼭 넣어야 하나요. 집주인이 꺼려해요|공인중개사무소에서 {w} 설명을 안 해 줬어요
버스|마을버스,순환노선,저상차|{w} 기사님이 손 흔드는데 그냥 지나갔어요|{w} 시간표가 앱이랑 달라요. 또 놓쳤네요
지하철|급행열차,환승역,스크린도어|{w} 앞에서 십 분 넘게 서 있었어요. 열차가 안 와요|2호선 {w} 쪽이 늘 미어터져요
주차|공영주차장,기계식주차,방문증|{w} 자리가 밤마다 모자라요. 돌다가 결국 길가에 뒀어요|차가 두 대인데 {w} 신청 어떻게 하세요
도로공사|보도블록,하수관,차선도색|{w} 작업한다고 차선 하나를 막아 놨어요|길을 또 뒤집어 놨네요. {w} 바꾸는 거래요
분실물|카드지갑,안경,에코백|{w} 어디에 흘렸는지 모르겠어요. 사례할게요|혹시 {w} 보신 분 계신가요. 어제 놀이터에 놓고 왔어요
습득물|자동차키,안경케이스,텀블러|놀이터에 {w가} 떨어져 있어서 관리실에 맡겼어요|{w} 주인분 연락 주세요. 분수대 앞에서 발견했어요
나눔|화분,장난감,전집|아이가 커서 {w} 내놔요. 먼저 오시는 분이 임자예요|{w} 필요하신 분께 드려요. 값은 안 받아요
공동구매|절임배추,감귤,건어물세트|{w} 열 박스 넘으면 반값이래요. 같이 하실 집 손들어 주세요|{w} 나눠 살 분 세 집만 더 있으면 돼요
축제|불꽃놀이,먹거리장터,마당극|시청 앞에서 {w} 한대요. 체험 부스도 많아요|{w} 언제 시작해요. 작년엔 가수도 왔었는데
전시|미디어아트,회화전,조각전|{w} 도슨트 시간 맞춰 가세요. 그림 앞에서 한참 서 있었어요|주말에 {w} 관람했는데 입장료가 아깝지 않았어요
영화|독립영화,다큐멘터리,스릴러|조조로 {w} 봤는데 결말이 이해가 안 돼요|{w} 개봉했던데 보신 분 계세요. 스포는 하지 말아주세요
도서관|열람실,자료실,어린이책방|시험 기간이라 {w} 빈자리가 없어요|소설 빌릴 겸 {w} 들렀어요. 사서 선생님이 찾아 주셨어요
벚꽃|천변길,가로수길,왕벚나무|{w} 만개했어요. 봄이 왔네요|이번 주 지나면 {w} 꽃이 다 질 것 같아요
단풍|수목원,단풍나무,계곡길|{w} 온통 붉어요. 늦기 전에 오세요|낙엽 밟으러 {w} 갔다 왔어요. 가을이 깊었네요
날씨|미세먼지,강풍,안개|내일 아침 {w} 예보래요. 옷 든든히 입으세요|{w} 언제쯤 그칠까요. 빨래를 못 널어요
층간소음|발망치,의자 끄는 소리,망치질|위에 사시는 분 {w} 그만 좀 해 주세요|자정만 되면 {w} 시작돼요. 쪽지라도 붙여야 하나요
치안|가로등,비상벨,취객|밤에 혼자 오는데 누가 따라왔어요. {w} 문제도 있고요. 112에 신고했어요|{w} 때문에 민원 넣었어요. 혼자 다니기 겁나요
정전|차단기,누전,변전소|{w} 때문인지 우리 동만 캄캄해요. 촛불 켜고 있어요|{w} 문제로 밤새 냉장고가 꺼졌어요
단수|수도관,배수지,가압장|물 받아 두세요. {w} 때문에 저녁까지 안 나온대요|씻다가 물이 끊겼어요. {w} 쪽 사고래요
알바|편의점,설거지,물류센터|{w} 주 3일 하실 분 연락 주세요. 주휴수당 드려요|{w} 처음인데 면접 때 뭐 물어보나요. 용돈 벌려고요
모임|보드게임,와인시음,필사|{w} 좋아하는 사람 넷 모였어요. 한 명 더 오세요|퇴근하고 {w} 할 친구 사귀고 싶어요
봉사활동|플로깅,김장나눔,벽화그리기|주말에 {w} 손이 부족해요. 함께해 주세요|{w} 하고 왔는데 마음이 따뜻해졌어요. 봉사 시간도 나와요
전통시장|참기름,건어물,두부|시장에서 {w} 샀는데 할머니가 덤을 주셨어요|{w} 사러 아케이드 안쪽까지 들어갔어요. 상인회 쿠폰도 돼요
마트|달걀,세제,두루마리휴지|{w} 일 플러스 일 하네요. 카트에 가득 담았어요|{w} 사러 갔는데 마트 휴무일이었어요. 둘째 일요일마다 쉰대요
""")

ENGLISH = subjects("""
맛집|pizza,curry,dumplings|Their {w} is worth the queue|We ordered {w} twice, the chef came out to say hi
카페|latte,flat white|The barista here makes a lovely {w}|Worked all afternoon with a {w} by the window
등산|dobongsan,hallasan|Made it to the summit of {w} before noon|Any trail map for {w}? First time with boots
러닝|5k,half marathon|Who wants to jog a {w} along the stream|My shoes wore out training for the {w}, I run daily
강아지|corgi,shiba|Walked my {w}, she barked at every squirrel|Puppy food for a {w}, any tips
고양이|tabby,siamese|The {w} purrs on my lap all day. Cats rule|Litter box advice for a {w} please
동물병원|surgery,check-up|The animal hospital did my rabbit's {w} for a fair price|Which veterinarian does a {w} on Sundays
병원|dermatologist,cardiologist|Saw a {w} yesterday, short queue at reception|Do I need a referral for a {w}
치과|implant,root canal|Got a {w} and my jaw is sore|How much is a {w} here, my molar is killing me
버스|night bus,shuttle|The {w} driver skipped our stop|When does the last {w} leave
주차|garage,parking spot|Someone took my {w} again, tow them please|Monthly {w} fees went up, where do you leave your car
분실물|wallet,umbrella|Left my {w} on a bench, reward if returned|If you picked up a black {w} please write to me
나눔|sofa,microwave|Moving out, my {w} is yours if you carry it|Nobody needs to pay, just come and get the {w}
모임|book club,language exchange|Our {w} has two open seats, come along|Want to start a {w} with neighbours
축제|fireworks,food trucks|The street fair has {w} tonight|All weekend {w} on the riverside stage, bring kids
""")
