größe = x
ﬁne = größe
result = fine
