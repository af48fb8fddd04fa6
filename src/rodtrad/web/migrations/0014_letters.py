"""What the area `letters` adds: letters, what they mention, pictures, and old blogs."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Tables of letters and of blogs that wait for approval."""

    dependencies = [("web", "0013_envelope")]
    operations = [
        migrations.CreateModel(
            name='BlogImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('filename', models.CharField(max_length=200)),
                ('size', models.PositiveBigIntegerField()),
                ('title', models.CharField(blank=True, max_length=300)),
                ('address', models.CharField(blank=True, max_length=500)),
                ('created_by_name', models.CharField(blank=True, max_length=150)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ready', models.BooleanField(default=False)),
                ('mended', models.PositiveIntegerField(default=0)),
                ('comments_without_post', models.PositiveIntegerField(default=0)),
                ('passages', models.JSONField(default=list)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blog_imports', to='web.municipality')),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('state', models.CharField(choices=[('draft', 'utkast'), ('scheduled', 'väntar på sin tid'), ('published', 'publicerat')], default='draft', max_length=10)),
                ('slug', models.CharField(max_length=90)),
                ('year', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('month', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('publish_at', models.DateTimeField(blank=True, null=True)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('corrected_at', models.DateTimeField(blank=True, null=True)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('title', models.CharField(max_length=160)),
                ('excerpt', models.CharField(blank=True, max_length=600)),
                ('author_name', models.CharField(blank=True, max_length=150)),
                ('author_role', models.CharField(blank=True, max_length=100)),
                ('tags', models.JSONField(blank=True, default=list)),
                ('tag_keys', models.CharField(blank=True, max_length=1000)),
                ('fault', models.TextField(blank=True)),
                ('origin', models.CharField(blank=True, max_length=1000)),
                ('cites', models.JSONField(blank=True, default=dict)),
                ('text', models.TextField()),
                ('folded', models.TextField(blank=True)),
                ('old_comments', models.JSONField(blank=True, default=list)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='letters', to='web.municipality')),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='LetterMention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project_id', models.CharField(max_length=200)),
                ('letter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to='web.letter')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='web.municipality')),
            ],
        ),
        migrations.CreateModel(
            name='LetterPicture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('alt', models.CharField(max_length=300, verbose_name='Vad bilden visar')),
                ('kind', models.CharField(max_length=4)),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('size', models.PositiveIntegerField()),
                ('checksum', models.CharField(max_length=64)),
                ('added_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('letter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pictures', to='web.letter')),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='BlogPost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('ident', models.CharField(blank=True, max_length=300)),
                ('address', models.CharField(blank=True, max_length=1000)),
                ('title', models.CharField(max_length=160)),
                ('published', models.DateTimeField(null=True)),
                ('author', models.CharField(blank=True, max_length=150)),
                ('labels', models.JSONField(default=list)),
                ('text', models.TextField(blank=True)),
                ('draft', models.BooleanField(default=False)),
                ('pictures', models.PositiveIntegerField(default=0)),
                ('cut', models.BooleanField(default=False)),
                ('known', models.BooleanField(default=False)),
                ('repeats', models.PositiveIntegerField(null=True)),
                ('comments', models.JSONField(default=list)),
                ('blog', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='posts', to='web.blogimport')),
            ],
            options={
                'ordering': ['position'],
                'constraints': [models.UniqueConstraint(fields=('blog', 'position'), name='web_blog_post_position')],
            },
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(fields=['municipality', 'state', '-published_at', '-number'], name='web_letter_public'),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(fields=['municipality', 'state', 'year', 'month'], name='web_letter_month'),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(fields=['state', 'publish_at'], name='web_letter_due'),
        ),
        migrations.AddConstraint(
            model_name='letter',
            constraint=models.UniqueConstraint(fields=('municipality', 'number'), name='web_letter_number'),
        ),
        migrations.AddConstraint(
            model_name='letter',
            constraint=models.UniqueConstraint(fields=('municipality', 'slug'), name='web_letter_slug'),
        ),
        migrations.AddIndex(
            model_name='lettermention',
            index=models.Index(fields=['municipality', 'project_id'], name='web_letter_mention'),
        ),
        migrations.AddConstraint(
            model_name='lettermention',
            constraint=models.UniqueConstraint(fields=('letter', 'project_id'), name='web_letter_mention_once'),
        ),
        migrations.AddConstraint(
            model_name='letterpicture',
            constraint=models.UniqueConstraint(fields=('letter', 'number'), name='web_letter_picture_number'),
        ),
        migrations.AddConstraint(
            model_name='letterpicture',
            constraint=models.CheckConstraint(condition=models.Q(('alt', ''), _negated=True), name='web_letter_picture_alt'),
        ),
    ]
