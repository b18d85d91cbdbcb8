"""The tables as Django's models."""

from django.db import models


class Author(models.Model):
    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=50)

    class Meta:
        db_table = "author"


class Tag(models.Model):
    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=50)

    class Meta:
        db_table = "tag"


class Book(models.Model):
    id = models.AutoField(primary_key=True)
    title = models.CharField(max_length=100)
    price = models.FloatField()
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    tags = models.ManyToManyField(Tag, db_table="book_tags")

    class Meta:
        db_table = "book"


class Entry(models.Model):
    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=50)
    amount = models.IntegerField()

    class Meta:
        db_table = "entry"
